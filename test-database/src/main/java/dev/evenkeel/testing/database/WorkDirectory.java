package dev.evenkeel.testing.database;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The private folder of the current user, below the system's temporary folder. */
final class WorkDirectory {

  private WorkDirectory() {}

  /** A folder below the private one, created when it is missing. */
  static Path resolve(String name) {
    Path base =
        Path.of(System.getProperty("java.io.tmpdir"))
            .resolve("evenkeel-postgres-" + System.getProperty("user.name"));
    try {
      Files.createDirectories(base);
      restrictToOwner(base);
      return Files.createDirectories(base.resolve(name));
    } catch (IOException e) {
      throw new PostgresException(
          "The folder %s could not be used, java.io.tmpdir moves it".formatted(base), e);
    }
  }

  /**
   * Lets nobody but the owner in, as PostgreSQL demands of a data folder. Fails when the folder
   * belongs to someone else, who could have planted binaries in it.
   */
  static void restrictToOwner(Path directory) throws IOException {
    if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    }
  }

  /** Deletes a folder with all it holds; one that is missing is as good as deleted. */
  static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try {
      Files.walkFileTree(directory, new Deletion());
    } catch (IOException e) {
      throw new UncheckedIOException("The folder %s could not be deleted".formatted(directory), e);
    }
  }

  /**
   * Copies a folder with all it holds.
   *
   * @param emptied names of folders in it that are copied without their files
   */
  static void copy(Path from, Path to, Set<String> emptied) throws IOException {
    Files.walkFileTree(from, new Copy(from, to, emptied));
  }

  private static final class Copy extends SimpleFileVisitor<Path> {

    private final Path from;
    private final Path to;
    private final Set<String> emptied;

    private Copy(Path from, Path to, Set<String> emptied) {
      this.from = from;
      this.to = to;
      this.emptied = emptied;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
        throws IOException {
      Path target = Files.createDirectories(to.resolve(from.relativize(directory)));
      restrictToOwner(target);
      return emptied.contains(directory.getFileName().toString())
          ? FileVisitResult.SKIP_SUBTREE
          : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
      return FileVisitResult.CONTINUE;
    }
  }

  private static final class Deletion extends SimpleFileVisitor<Path> {

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.deleteIfExists(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      Files.deleteIfExists(directory);
      return FileVisitResult.CONTINUE;
    }
  }
}
