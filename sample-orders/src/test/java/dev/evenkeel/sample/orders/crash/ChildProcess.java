package dev.evenkeel.sample.orders.crash;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The parent's end of a {@link Child}. */
final class ChildProcess {

  private static final Duration STARTED = Duration.ofSeconds(60);
  private static final Duration OBEYED = Duration.ofSeconds(15);
  private static final long SIGNALLED_SECONDS = 5;
  private static final Duration LOOK = Duration.ofMillis(5);

  private final String node;
  private final Process process;
  private final JournalReader journal;
  private int commands;
  private int port;

  private ChildProcess(String node, Process process, JournalReader journal) {
    this.node = node;
    this.process = process;
    this.journal = journal;
  }

  /**
   * Starts a JVM, and does not wait for it.
   *
   * @param output where its standard output goes
   */
  static ChildProcess start(
      String node, Path journalFile, JournalReader journal, List<String> arguments, Path output) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // it does not live for long
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                journalFile.toString(),
                node));
    command.addAll(arguments);
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
              .start();
      return new ChildProcess(node, process, journal);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String node() {
    return node;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits until it takes requests. */
  ChildProcess awaitReady() {
    if (port == 0) {
      await(node + " to be ready")
          .atMost(STARTED)
          .pollInterval(LOOK)
          .until(() -> !process.isAlive() || ready());
      if (port == 0) {
        throw new IllegalStateException(node + " has ended before it was ready; see its output");
      }
    }
    return this;
  }

  private boolean ready() {
    return journal
        .find(0, line -> line.kind() == Journal.Kind.READY && line.node().equals(node))
        .map(
            line -> {
              port = Integer.parseInt(line.detail());
              return line;
            })
        .isPresent();
  }

  int port() {
    return port;
  }

  /** Has a command obeyed. */
  void tell(Child.Command command, String... words) {
    int number = send(command, words);
    await(node + " to obey " + command)
        .atMost(OBEYED)
        .pollInterval(LOOK)
        .until(
            () ->
                journal
                    .find(
                        0,
                        line ->
                            line.kind() == Journal.Kind.OBEYED
                                && line.node().equals(node)
                                && line.detail().equals(String.valueOf(number)))
                    .isPresent());
  }

  /** The same without waiting for it. */
  synchronized int send(Child.Command command, String... words) {
    commands++;
    String line = "%d %s %s".formatted(commands, command, String.join(" ", words)).strip() + "\n";
    try {
      process.getOutputStream().write(line.getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return commands;
  }

  /** SIGSTOP: it keeps its sessions and says nothing. */
  void suspend() throws InterruptedException {
    signal("STOP");
  }

  /** SIGCONT. */
  void wake() throws InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws InterruptedException {
    try {
      Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
      if (!kill.waitFor(SIGNALLED_SECONDS, TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new IllegalStateException("kill -%s %s failed".formatted(name, process.pid()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * SIGKILL: no shutdown hook, no last word.
   *
   * @return {@link System#nanoTime()} of it
   */
  long kill() throws InterruptedException {
    long at = System.nanoTime();
    process.destroyForcibly().waitFor();
    return at;
  }
}
