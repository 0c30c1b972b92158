package dev.evenkeel.relay.crash;

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
    return start(orders.node(), Child.class, orders.arguments(), output);
  }

  /** The same with another main class. */
  static ChildProcess start(String node, Class<?> main, List<String> arguments, Path output) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + HEAP_MEGABYTES + "m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(arguments);
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
              .start();
      return new ChildProcess(node, process);
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

  /** True when it has ended by then. */
  boolean awaitEnd(long millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  /** How it has ended. */
  int exitValue() {
    return process.exitValue();
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
    Signals.send(name, process.pid());
  }

  /** Has its writers finish what they have begun, and begin nothing more. */
  void quiet() {
    try {
      process.getOutputStream().write((Child.QUIET + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
