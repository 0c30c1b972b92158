package dev.evenkeel.testing.database;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Says which JVM owns a data folder. The operating system releases it when the JVM dies, however it
 * dies; so a server that runs in a folder whose lock is free was left behind, and may be stopped.
 */
final class DirectoryLock implements AutoCloseable {

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
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
      Files.createDirectories(file.getParent());
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (locked(channel)) {
        return Optional.of(new DirectoryLock(channel));
      }
      channel.close();
      return Optional.empty();
    } catch (IOException e) {
      throw new PostgresException("The lock %s could not be taken".formatted(file), e);
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new PostgresException("A data folder's lock could not be released", e);
    }
  }
}
