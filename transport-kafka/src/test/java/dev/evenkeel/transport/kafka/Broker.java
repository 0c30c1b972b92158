package dev.evenkeel.transport.kafka;

import java.util.Map;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;

/** A real broker in this process, shared by the tests that do not stop it. */
final class Broker {

  private static final EmbeddedKafkaKraftBroker SHARED = start();

  private Broker() {}

  private static EmbeddedKafkaKraftBroker start() {
    EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, 3);
    broker.brokerProperty("auto.create.topics.enable", "false");
    broker.brokerProperty("group.initial.rebalance.delay.ms", "0");
    // Kafka Connect's transactions, on one broker.
    broker.brokerProperty("transaction.state.log.replication.factor", "1");
    broker.brokerProperty("transaction.state.log.min.isr", "1");
    broker.brokerProperty("transaction.state.log.num.partitions", "3");
    broker.afterPropertiesSet();
    Runtime.getRuntime().addShutdownHook(new Thread(broker::destroy, "stop-broker"));
    return broker;
  }

  /** To make, change and read topics there. */
  static Topics topics() {
    return new Topics(client());
  }

  /** Settings of a client. */
  static Map<String, Object> client() {
    return Map.of("bootstrap.servers", SHARED.getBrokersAsString());
  }
}
