package dev.evenkeel.testing.database;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** {@code postmaster.pid}: what the server of a data folder says about itself. */
final class PostmasterFile {

  /** A session without a server writes its own, negated: no process has such an id. */
  private static final Pattern PID = Pattern.compile("\\s*-?[1-9][0-9]{0,9}\\s*");

  private final Path dataDirectory;

  PostmasterFile(Path dataDirectory) {
    this.dataDirectory = dataDirectory;
  }

  private Path file() {
    return dataDirectory.resolve("postmaster.pid");
  }

  /**
   * The process id in the file, whether that process lives or not.
   *
   * @throws PostgresException if the file begins with anything else; PostgreSQL, too, refuses to
   *     start beside such a file
   */
  OptionalLong pid() {
    try (BufferedReader reader = Files.newBufferedReader(file())) {
      String line = reader.readLine();
      if (line == null) {
        return OptionalLong.empty();
      }
      if (!PID.matcher(line).matches()) {
        throw new PostgresException(
            "%s must begin with a process id: delete it if no server runs there".formatted(file()));
      }
      return OptionalLong.of(Long.parseLong(line.strip()));
    } catch (NoSuchFileException e) {
      return OptionalLong.empty();
    } catch (IOException e) {
      throw new PostgresException("%s could not be read".formatted(file()), e);
    }
  }

  /** The process that serves this folder now. */
  Optional<ProcessHandle> server() {
    OptionalLong pid = pid();
    return pid.isEmpty()
        ? Optional.empty()
        : ProcessHandle.of(pid.getAsLong()).filter(this::servesThisFolder);
  }

  /**
   * Removes the file when its process id belongs to a process that is no PostgreSQL server, as
   * after a restart of a container: PostgreSQL would refuse to start. A dead process id is left to
   * PostgreSQL, which then also looks for surviving children.
   */
  void removeWhenReused() {
    OptionalLong pid = pid();
    if (pid.isPresent() && ProcessHandle.of(pid.getAsLong()).isPresent() && server().isEmpty()) {
      try {
        Files.deleteIfExists(file());
      } catch (IOException e) {
        throw new PostgresException("%s could not be deleted".formatted(file()), e);
      }
    }
  }

  private boolean servesThisFolder(ProcessHandle process) {
    return process.isAlive()
        && process
            .info()
            .command()
            .map(command -> Path.of(command).getFileName().toString().startsWith("postgres"))
            .orElse(false)
        && worksHere(process.pid());
  }

  /** A server's working directory is its data folder; only Linux lets us look. */
  private boolean worksHere(long pid) {
    Path workingDirectory = Path.of("/proc", String.valueOf(pid), "cwd");
    if (!Files.isReadable(workingDirectory)) {
      return true;
    }
    try {
      return Files.isSameFile(workingDirectory, dataDirectory);
    } catch (IOException e) {
      return false;
    }
  }
}
