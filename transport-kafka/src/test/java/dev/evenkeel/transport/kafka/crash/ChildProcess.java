package dev.evenkeel.transport.kafka.crash;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The parent's end of a {@link Child}. */
final class ChildProcess {

  private static final int HEAP_MEGABYTES = 256;
  private static final long SIGNAL_SECONDS = 5;

  private final String node;
  private final Process process;

  private ChildProcess(String node, Process process) {
    this.node = node;
    this.process = process;
  }

  /**
   * Starts a JVM.
   *
   * @param output where its standard output goes
   */
  static ChildProcess start(Child.Orders orders, Path output) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + HEAP_MEGABYTES + "m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName()));
    command.addAll(orders.arguments());
    try {
      return new ChildProcess(
          orders.node(),
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
              .start());
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

  /** SIGKILL: no shutdown hook, no last word. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
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
      if (!kill.waitFor(SIGNAL_SECONDS, TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new IllegalStateException("kill -%s %s failed".formatted(name, process.pid()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Has it hurt itself at a boundary. One that is gone already needs not be told. */
  void arm(Arm arm) {
    tell(Child.ARM + " " + arm.text());
  }

  void disarm() {
    tell(Child.DISARM);
  }

  /** Has its writers finish what they have begun, and begin nothing more. */
  void quiet() {
    tell(Child.QUIET);
  }

  private void tell(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      if (process.isAlive()) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
