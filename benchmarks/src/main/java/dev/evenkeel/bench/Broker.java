package dev.evenkeel.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** A Kafka broker in a process of its own. */
final class Broker implements AutoCloseable {

  static final int PARTITIONS = 4;

  private final ChildJvm process;
  private final String servers;

  private Broker(ChildJvm process, String servers) {
    this.process = process;
    this.servers = servers;
  }

  /** Starts one and waits until it answers. */
  static Broker start() throws IOException {
    ChildJvm process = ChildJvm.start(List.of("-Xms1g", "-Xmx1g"), BrokerMain.class, List.of());
    String line = process.answer();
    while (!line.startsWith(BrokerMain.READY)) {
      line = process.answer();
    }
    return new Broker(process, line.substring(BrokerMain.READY.length()));
  }

  /** The addresses, as clients want them. */
  String servers() {
    return servers;
  }

  /** Makes a topic of {@link #PARTITIONS} partitions with the broker's defaults. */
  void createTopic(String name) throws InterruptedException, ExecutionException {
    try (Admin admin = admin()) {
      admin.createTopics(List.of(new NewTopic(name, PARTITIONS, (short) 1))).all().get();
    }
  }

  void deleteTopic(String name) throws InterruptedException, ExecutionException {
    try (Admin admin = admin()) {
      admin.deleteTopics(List.of(name)).all().get();
    }
  }

  private Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", servers));
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.close();
  }
}
