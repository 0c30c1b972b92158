package dev.evenkeel.sample.orders.broker;

import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.support.DefaultSingletonBeanRegistry;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.Profiles;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;

/**
 * Brings a Kafka along when profile {@code kafka} is active and no broker is configured: one real
 * broker in this process, whose topics end with it. What was committed and not sent by then is
 * still in the outbox; what was sent and not handled is lost with the topics, so this is for a look
 * only. {@code orders.broker.port} fixes its port, for other processes to find it.
 */
final class EmbeddedBroker
    implements ApplicationContextInitializer<ConfigurableApplicationContext> {

  private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);

  private static final String SERVERS = "spring.kafka.bootstrap-servers";
  private static final int PARTITIONS = 6;
  private static final int ANY_PORT = 0;

  @Override
  public void initialize(ConfigurableApplicationContext context) {
    ConfigurableEnvironment environment = context.getEnvironment();
    if (!environment.acceptsProfiles(Profiles.of("kafka"))
        || environment.containsProperty(SERVERS)) {
      return;
    }
    EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, PARTITIONS);
    broker.kafkaPorts(environment.getProperty("orders.broker.port", Integer.class, ANY_PORT));
    broker.brokerProperty("auto.create.topics.enable", "false");
    broker.brokerProperty("num.partitions", Integer.toString(PARTITIONS));
    broker.brokerProperty("group.initial.rebalance.delay.ms", "0");
    broker.afterPropertiesSet();
    ((DefaultSingletonBeanRegistry) context.getBeanFactory())
        .registerDisposableBean("embeddedKafkaBroker", broker);
    environment
        .getPropertySources()
        .addLast(
            new MapPropertySource("embeddedBroker", Map.of(SERVERS, broker.getBrokersAsString())));
    log.info("Kafka runs in this process at {}", broker.getBrokersAsString());
  }
}
