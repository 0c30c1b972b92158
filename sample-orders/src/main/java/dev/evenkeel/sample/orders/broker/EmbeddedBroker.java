package dev.evenkeel.sample.orders.broker;

import java.nio.file.Path;
import java.time.Duration;
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
 * only.
 *
 * <p>Several processes share one: who brings it says where it is in a file, and the others, with
 * {@code orders.broker.found-by}, wait for that instead of bringing one.
 */
final class EmbeddedBroker
    implements ApplicationContextInitializer<ConfigurableApplicationContext> {

  private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);

  private static final String SERVERS = "spring.kafka.bootstrap-servers";
  private static final int PARTITIONS = 6;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @Override
  public void initialize(ConfigurableApplicationContext context) {
    ConfigurableEnvironment environment = context.getEnvironment();
    if (!environment.acceptsProfiles(Profiles.of("kafka"))
        || environment.containsProperty(SERVERS)) {
      return;
    }
    String foundBy = environment.getProperty("orders.broker.found-by", "");
    String servers =
        foundBy.isBlank() ? start(context) : new BrokerAddress(Path.of(foundBy)).await(PATIENCE);
    environment
        .getPropertySources()
        .addLast(new MapPropertySource("embeddedBroker", Map.of(SERVERS, servers)));
  }

  private static String start(ConfigurableApplicationContext context) {
    EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, PARTITIONS);
    // Otherwise it sets Spring Boot's, for the whole JVM and beyond its own end.
    broker.brokerListProperty("orders.broker.servers");
    broker.brokerProperty("auto.create.topics.enable", "false");
    broker.brokerProperty("num.partitions", Integer.toString(PARTITIONS));
    broker.brokerProperty("group.initial.rebalance.delay.ms", "0");
    broker.afterPropertiesSet();
    DefaultSingletonBeanRegistry beans = (DefaultSingletonBeanRegistry) context.getBeanFactory();
    beans.registerDisposableBean("embeddedKafkaBroker", broker);
    String servers = broker.getBrokersAsString();
    log.info("Kafka runs in this process at {}", servers);
    String announcedBy = context.getEnvironment().getProperty("orders.broker.announced-by", "");
    if (!announcedBy.isBlank()) {
      BrokerAddress address = new BrokerAddress(Path.of(announcedBy));
      address.announce(servers);
      beans.registerDisposableBean("brokerAddress", address::withdraw);
    }
    return servers;
  }
}
