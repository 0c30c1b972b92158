package dev.evenkeel.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** A Kafka broker in a process of its own. */
final class Broker implements AutoCloseable {

  /** Where the transport sends orders by default, and the reference too; made at the start. */
  static final String TOPIC = "outbox.event.order";

  static final int PARTITIONS = 4;

  private final ChildJvm process;
  private final String servers;

  private Broker(ChildJvm process, String servers) {
    this.process = process;
    this.servers = servers;
  }

  /** Starts one and waits until it answers. */
  static Broker start() throws IOException, InterruptedException, ExecutionException {
    ChildJvm process = ChildJvm.start(List.of("-Xms1g", "-Xmx1g"), BrokerMain.class, List.of());
    String line = process.answer();
    while (!line.startsWith(BrokerMain.READY)) {
      line = process.answer();
    }
    Broker broker = new Broker(process, line.substring(BrokerMain.READY.length()));
    broker.createTopic();
    return broker;
  }

  private void createTopic() throws InterruptedException, ExecutionException {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
      admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1))).all().get();
    }
  }

  /** The addresses, as clients want them. */
  String servers() {
    return servers;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.close();
  }
}
