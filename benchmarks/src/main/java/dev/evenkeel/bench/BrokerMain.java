package dev.evenkeel.bench;

import java.io.OutputStream;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;

/**
 * One real Kafka broker in a process of its own, so that its processor time is nobody else's. Says
 * where it listens and ends, with its folders, when its input does.
 */
public final class BrokerMain {

  /** Comes before the addresses. */
  static final String READY = "ready ";

  private BrokerMain() {}

  /** The entry point; it takes no arguments. */
  public static void main(String[] arguments) throws Exception {
    EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, 1);
    broker.brokerProperty("auto.create.topics.enable", "false");
    broker.afterPropertiesSet();
    System.out.println(READY + broker.getBrokersAsString());
    System.in.transferTo(OutputStream.nullOutputStream());
    broker.destroy();
    System.exit(0);
  }
}
