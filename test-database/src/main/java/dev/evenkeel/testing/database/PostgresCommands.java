package dev.evenkeel.testing.database;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs {@code initdb} and {@code pg_ctl} on one data folder. PostgreSQL refuses to run as root;
 * root on Linux therefore runs it in a user namespace of its own ({@code unshare -U}), where it is
 * nobody.
 */
final class PostgresCommands {

  /** Bounds the recovery of a crashed folder, too. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final PostgresBinaries binaries;
  private final Path dataDirectory;
  private final Path serverLog;

  PostgresCommands(PostgresBinaries binaries, Path dataDirectory, Path serverLog) {
    this.binaries = binaries;
    this.dataDirectory = dataDirectory;
    this.serverLog = serverLog;
  }

  /** Creates the cluster: UTF-8, locale C, no password for the local superuser. */
  void initialise(String superuser) {
    demandSuccess(
        run(
            "initdb",
            "-D",
            dataDirectory.toString(),
            "-U",
            superuser,
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync"));
  }

  /** Starts the server and waits until it accepts connections. */
  Result start() {
    return run(
        "pg_ctl",
        "start",
        "-D",
        dataDirectory.toString(),
        "-l",
        serverLog.toString(),
        "-w",
        "-t",
        String.valueOf(PATIENCE.toSeconds()));
  }

  /** Stops the server and waits until it has gone. */
  void stop(PostgresServer.Mode mode) {
    demandSuccess(
        run(
            "pg_ctl",
            "stop",
            "-D",
            dataDirectory.toString(),
            "-m",
            mode.argument(),
            "-w",
            "-t",
            String.valueOf(PATIENCE.toSeconds())));
  }

  private static void demandSuccess(Result result) {
    if (!result.succeeded()) {
      throw new PostgresException(result.message());
    }
  }

  private Result run(String program, String... arguments) {
    List<String> command = new ArrayList<>(prefix());
    command.add(binaries.program(program).toString());
    command.addAll(List.of(arguments));
    return run(command);
  }

  /**
   * The output goes to a file and not to a pipe, because the server inherits it and would keep a
   * pipe open for as long as it lives.
   */
  private static Result run(List<String> command) {
    Path output = null;
    try {
      output = Files.createTempFile(WorkDirectory.resolve("output"), "command-", ".log");
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      process.getOutputStream().close();
      if (!process.waitFor(2 * PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new PostgresException(
            "%s did not end within %s"
                .formatted(String.join(" ", command), PATIENCE.multipliedBy(2)));
      }
      return new Result(
          command, process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new PostgresException("%s could not be run".formatted(String.join(" ", command)), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PostgresException("Interrupted in " + String.join(" ", command), e);
    } finally {
      if (output != null) {
        output.toFile().delete();
      }
    }
  }

  /** How a command ended. */
  record Result(List<String> command, int exitValue, String output) {

    boolean succeeded() {
      return exitValue == 0;
    }

    String message() {
      return "%s ended with %d: %s".formatted(String.join(" ", command), exitValue, output.strip());
    }
  }

  /** What stands before each command. */
  private static List<String> prefix() {
    if (!PostgresBinaries.Platform.current().isLinux()
        || !"root".equals(System.getProperty("user.name"))) {
      return List.of();
    }
    Result trial = run(List.of("unshare", "-U", "true"));
    if (!trial.succeeded()) {
      throw new PostgresException(
          "PostgreSQL does not run as root, and root may not create a user namespace here: run as"
              + " another user, or allow `unshare -U` (%s)".formatted(trial.message()));
    }
    return List.of("unshare", "-U");
  }
}
