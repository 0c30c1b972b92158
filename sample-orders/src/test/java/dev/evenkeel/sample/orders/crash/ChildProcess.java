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
public final class ChildProcess {

  private static final Duration STARTED = Duration.ofMinutes(4);
  private static final Duration OBEYED = Duration.ofSeconds(15);
  private static final long SIGNALLED_SECONDS = 5;
  private static final long ENDED_SECONDS = 30;
  private static final Duration LOOK = Duration.ofMillis(5);

  private final String node;
  private final Process process;
  private final JournalReader journal;
  private int commands;
  private int read;
  private volatile int port;

  private ChildProcess(String node, Process process, JournalReader journal) {
    this.node = node;
    this.process = process;
    this.journal = journal;
    this.read = journal.size(); // what it says comes after that
  }

  /** Starts a JVM with a {@link Child} that runs sagas when it is told to. */
  static ChildProcess start(
      String node, Path journalFile, JournalReader journal, List<String> arguments, Path output) {
    return start(Child.class, node, journalFile, journal, arguments, output);
  }

  /**
   * Starts a JVM, and does not wait for it.
   *
   * @param main a {@link Child} with a main method
   * @param output where its standard output goes
   */
  public static ChildProcess start(
      Class<? extends Child> main,
      String node,
      Path journalFile,
      JournalReader journal,
      List<String> arguments,
      Path output) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // it does not live for long
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
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

  /** What it is called in the journal. */
  public String node() {
    return node;
  }

  /** Whether it runs, or stands still. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Waits until it takes requests. */
  public ChildProcess awaitReady() {
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

  /** A journal is long: each line is looked at once. */
  private boolean ready() {
    int size = journal.size();
    journal
        .find(read, line -> line.kind() == Journal.Kind.READY && line.node().equals(node))
        .ifPresent(line -> port = Integer.parseInt(line.detail()));
    read = size;
    return port != 0;
  }

  /** Of its HTTP server; 0 until it is ready. */
  public int port() {
    return port;
  }

  /** Has a command obeyed. */
  void tell(Child.Command command, String... words) {
    int since = journal.size();
    int number = send(command, words);
    await(node + " to obey " + command)
        .atMost(OBEYED)
        .pollInterval(LOOK)
        .until(
            () ->
                journal
                    .find(
                        since,
                        line ->
                            line.kind() == Journal.Kind.OBEYED
                                && line.node().equals(node)
                                && line.detail().equals(String.valueOf(number)))
                    .isPresent());
  }

  /** The same without waiting for it. */
  public synchronized int send(Child.Command command, String... words) {
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
  public void suspend() throws InterruptedException {
    signal("STOP");
  }

  /** SIGCONT. */
  public void wake() throws InterruptedException {
    signal("CONT");
  }

  /** SIGTERM, and SIGKILL for one that takes too long. */
  public void end() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(ENDED_SECONDS, TimeUnit.SECONDS)) {
      kill();
    }
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
  public long kill() throws InterruptedException {
    long at = System.nanoTime();
    process.destroyForcibly().waitFor();
    return at;
  }
}
