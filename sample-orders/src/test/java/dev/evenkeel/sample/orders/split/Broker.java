package dev.evenkeel.sample.orders.split;

import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;

/** A Kafka broker in this process. */
public final class Broker implements AutoCloseable {

  private static final int PARTITIONS = 3;

  private final EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, PARTITIONS);

  /** Starts one; topics have three partitions, and are there when somebody has made them. */
  public Broker() {
    // Otherwise it sets Spring Boot's, for the whole JVM and beyond its own end.
    broker.brokerListProperty("split.brokers");
    broker.brokerProperty("auto.create.topics.enable", "false");
    broker.brokerProperty("num.partitions", Integer.toString(PARTITIONS));
    broker.brokerProperty("group.initial.rebalance.delay.ms", "0");
    broker.afterPropertiesSet();
  }

  /** What clients are given. */
  public String address() {
    return broker.getBrokersAsString();
  }

  @Override
  public void close() {
    broker.destroy();
  }
}
