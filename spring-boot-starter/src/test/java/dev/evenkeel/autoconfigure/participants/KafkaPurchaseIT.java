package dev.evenkeel.autoconfigure.participants;

import dev.evenkeel.autoconfigure.TestApplications;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;

/** Two services with a database each, which have nothing in common but Kafka. */
class KafkaPurchaseIT extends PurchaseContract {

  private final EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, 2);
  private final ConfigurableApplicationContext services;
  private final ConfigurableApplicationContext shop;

  KafkaPurchaseIT() {
    super("services", "shop");
    broker.brokerProperty("group.initial.rebalance.delay.ms", "0");
    broker.afterPropertiesSet();
    services = start("services");
    shop = start("shop");
  }

  private ConfigurableApplicationContext start(String name) {
    return TestApplications.start(
        databases().get(name),
        PurchaseApplication.class,
        with(
            "spring.application.name=" + name,
            "spring.profiles.active=" + name,
            "evenkeel.transport=kafka",
            "evenkeel.kafka.create-topics=true",
            "spring.kafka.consumer.properties.metadata.max.age.ms=500",
            "spring.kafka.bootstrap-servers=" + broker.getBrokersAsString()));
  }

  @AfterAll
  @Override
  void close() {
    super.close();
    broker.destroy();
  }

  @Override
  List<ConfigurableApplicationContext> applications() {
    return List.of(shop, services);
  }

  @Override
  boolean isRemote() {
    return true;
  }

  @Override
  String databaseOfShelf(String shelf) {
    return "services";
  }

  @Override
  String databaseOfAccount(String account) {
    return "services";
  }
}
