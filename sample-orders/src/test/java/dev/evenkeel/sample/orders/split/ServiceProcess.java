package dev.evenkeel.sample.orders.split;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.HttpApi;
import dev.evenkeel.sample.orders.SampleOrdersApplication;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One service in a process of its own, which can be killed and started again. */
final class ServiceProcess implements AutoCloseable {

  private static final Duration STARTED = Duration.ofSeconds(90);

  private final Services services;
  private final String name;
  private final int port;
  private final Path output;
  private Process process;

  ServiceProcess(Services services, String name, Path folder) {
    this.services = services;
    this.name = name;
    this.port = freePort();
    services.listens(name, port);
    this.output = folder.resolve(name + ".log");
    this.process = launch();
  }

  static Path newFolder() {
    try {
      Path all = Files.createDirectories(Path.of("target", "split"));
      return Files.createTempDirectory(all.toAbsolutePath(), "run-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process launch() {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // it does not live for long
                "-cp",
                System.getProperty("java.class.path"),
                SampleOrdersApplication.class.getName()));
    command.addAll(services.arguments(name, "--server.port=" + port));
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it answers. */
  ServiceProcess awaitReady() {
    await(name + " to answer, see " + output)
        .atMost(STARTED)
        .failFast(name + " has ended, see " + output, () -> !process.isAlive())
        .ignoreExceptions()
        .until(() -> http().get("/actuator/health").statusCode() == 200);
    return this;
  }

  HttpApi http() {
    return new HttpApi(port);
  }

  /** SIGKILL: no shutdown hook, no last word. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Starts it once more, at the same address. */
  void restart() {
    process = launch();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
