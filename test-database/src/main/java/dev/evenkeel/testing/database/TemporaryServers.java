package dev.evenkeel.testing.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Data folders that nobody needs after their server's end. */
final class TemporaryServers {

  private static final Logger log = LoggerFactory.getLogger(TemporaryServers.class);
  private static final String LOCK_SUFFIX = ".lock";

  private TemporaryServers() {}

  private static Path base() {
    return WorkDirectory.resolve("data");
  }

  /** A name that no server had before. */
  static Path newDataDirectory() {
    return base().resolve(UUID.randomUUID().toString());
  }

  /** Deletes a stopped server's folder, its log and last of all its lock. */
  static void delete(Path dataDirectory) {
    try {
      WorkDirectory.delete(dataDirectory);
      Files.deleteIfExists(dataDirectory.resolveSibling(dataDirectory.getFileName() + ".log"));
      Files.deleteIfExists(DirectoryLock.fileFor(dataDirectory));
    } catch (IOException e) {
      throw new PostgresException("%s could not be deleted".formatted(dataDirectory), e);
    }
  }

  /** Stops and deletes what killed JVMs left behind. */
  static void sweep() {
    for (Path lockFile : lockFiles()) {
      String name = lockFile.getFileName().toString();
      Path dataDirectory =
          lockFile.resolveSibling(name.substring(0, name.length() - LOCK_SUFFIX.length()));
      DirectoryLock.tryAcquire(dataDirectory)
          .ifPresent(
              lock -> {
                try (lock) {
                  remove(dataDirectory);
                }
              });
    }
  }

  private static void remove(Path dataDirectory) {
    try {
      if (new PostmasterFile(dataDirectory).server().isPresent()) {
        new PostgresCommands(PostgresBinaries.unpacked(), dataDirectory, dataDirectory)
            .stop(PostgresServer.Mode.IMMEDIATE);
      }
      delete(dataDirectory);
      log.info("Removed the server that a killed JVM left in {}", dataDirectory);
    } catch (RuntimeException e) {
      log.warn("The server that a killed JVM left in {} stays", dataDirectory, e);
    }
  }

  private static List<Path> lockFiles() {
    try (Stream<Path> files = Files.list(base())) {
      return files.filter(file -> file.toString().endsWith(LOCK_SUFFIX)).toList();
    } catch (IOException e) {
      throw new PostgresException("%s could not be read".formatted(base()), e);
    }
  }
}
