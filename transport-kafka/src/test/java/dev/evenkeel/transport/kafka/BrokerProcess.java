package dev.evenkeel.transport.kafka;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * A real broker, one node in KRaft mode, in a JVM of its own: to be killed, suspended and started
 * again, with the same ports and the same log. It ends with this JVM.
 */
final class BrokerProcess implements AutoCloseable {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int HEAP_MEGABYTES = 256;

  private final Path directory;
  private final int port;
  private ChildJvm jvm;

  private BrokerProcess(Path directory, int port) {
    this.directory = directory;
    this.port = port;
    this.jvm = launch();
  }

  /** Starts a new one and waits until it answers. */
  static BrokerProcess start() {
    try {
      Path directory = Files.createTempDirectory("evenkeel-kafka-");
      int port;
      int controllerPort;
      try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
          ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        port = one.getLocalPort();
        controllerPort = other.getLocalPort();
      }
      write(directory, port, controllerPort);
      BrokerProcess broker = new BrokerProcess(directory, port);
      broker.awaitAnswer();
      return broker;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path directory, int port, int controllerPort) throws IOException {
    Properties settings = new Properties();
    settings.setProperty("process.roles", "broker,controller");
    settings.setProperty("node.id", "1");
    settings.setProperty("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
    settings.setProperty("controller.listener.names", "CONTROLLER");
    settings.setProperty(
        "listeners",
        "PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d".formatted(port, controllerPort));
    settings.setProperty("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
    settings.setProperty("inter.broker.listener.name", "PLAINTEXT");
    settings.setProperty("log.dirs", directory.resolve("log").toString());
    settings.setProperty("auto.create.topics.enable", "false");
    settings.setProperty("group.initial.rebalance.delay.ms", "0");
    settings.setProperty("offsets.topic.replication.factor", "1");
    settings.setProperty("offsets.topic.num.partitions", "1");
    settings.setProperty("num.network.threads", "2");
    settings.setProperty("num.io.threads", "2");
    settings.setProperty("background.threads", "2");
    try (Writer writer = Files.newBufferedWriter(settingsFile(directory))) {
      settings.store(writer, null);
    }
  }

  private static Path settingsFile(Path directory) {
    return directory.resolve("server.properties");
  }

  /** The child. */
  static final class Main {

    private static final String CLUSTER = "evenkeelTestClusterAAA";

    private Main() {}

    /** By name: what a broker is made of is no dependency of this module's own code. */
    public static void main(String[] arguments) throws ReflectiveOperationException {
      ChildJvm.endWithStandardInput();
      String[] format = {"format", "-t", CLUSTER, "-c", arguments[0], "--ignore-formatted"};
      Object exit =
          Class.forName("kafka.tools.StorageTool")
              .getMethod("execute", String[].class, PrintStream.class)
              .invoke(null, format, System.out);
      if (!Integer.valueOf(0).equals(exit)) {
        throw new IllegalStateException("formatting failed: " + exit);
      }
      Class.forName("kafka.Kafka")
          .getMethod("main", String[].class)
          .invoke(null, (Object) arguments);
    }
  }

  private ChildJvm launch() {
    return ChildJvm.start(
        Main.class,
        List.of(settingsFile(directory).toString()),
        HEAP_MEGABYTES,
        directory.resolve("output.txt"));
  }

  private void awaitAnswer() {
    try (Topics topics = topics()) {
      await().atMost(SOON).until(topics::brokerAnswers);
    }
  }

  /** Settings of a client. */
  Map<String, Object> client() {
    return Map.of("bootstrap.servers", "127.0.0.1:" + port);
  }

  Topics topics() {
    return new Topics(client());
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    jvm.kill();
  }

  /** Starts it again on its log, and waits until it answers. */
  void startAgain() {
    jvm = launch();
    awaitAnswer();
  }

  /** SIGSTOP: connections stay, nobody answers. */
  void suspend() throws InterruptedException {
    jvm.suspend();
  }

  /** SIGCONT. */
  void wake() throws InterruptedException {
    jvm.wake();
  }

  @Override
  public void close() throws InterruptedException {
    jvm.kill();
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure)
                throws IOException {
              Files.delete(folder);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
