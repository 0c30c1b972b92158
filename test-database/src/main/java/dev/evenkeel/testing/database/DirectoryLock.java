package dev.evenkeel.testing.database;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Says which JVM owns a data folder. The operating system releases it when the JVM dies, however it
 * dies; so a server that runs in a folder whose lock is free was left behind, and may be stopped.
 *
 * <p>Where such locks are POSIX's, a process that opens the file a second time and closes it again
 * loses its lock. So a lock that this JVM holds is found out without a look at the file.
 */
final class DirectoryLock implements AutoCloseable {

  private static final Set<Path> HELD = new HashSet<>();

  private final Path file;
  private final FileChannel channel;

  private DirectoryLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** The lock's file lies beside the folder: a copy of the folder is a folder of its own. */
  static Path fileFor(Path dataDirectory) {
    return dataDirectory.resolveSibling(dataDirectory.getFileName() + ".lock");
  }

  /** Takes the lock, or nothing when another server of this or another JVM has it. */
  static Optional<DirectoryLock> tryAcquire(Path dataDirectory) {
    Path file = fileFor(dataDirectory);
    try {
      Path folder = Files.createDirectories(file.toAbsolutePath().getParent()).toRealPath();
      return tryAcquireFile(folder.resolve(file.getFileName()));
    } catch (IOException e) {
      throw new PostgresException("The lock %s could not be taken".formatted(file), e);
    }
  }

  private static Optional<DirectoryLock> tryAcquireFile(Path file) throws IOException {
    synchronized (HELD) {
      if (HELD.contains(file)) {
        return Optional.empty();
      }
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
        return Optional.empty();
      }
      HELD.add(file);
      return Optional.of(new DirectoryLock(file, channel));
    }
  }

  @Override
  public void close() {
    synchronized (HELD) {
      HELD.remove(file);
      closeChannel();
    }
  }

  private void closeChannel() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new PostgresException("A data folder's lock could not be released", e);
    }
  }
}
