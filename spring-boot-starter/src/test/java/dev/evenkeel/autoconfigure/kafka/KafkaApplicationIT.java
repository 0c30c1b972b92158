package dev.evenkeel.autoconfigure.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.EvenkeelConfigurationException;
import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** An application that sends and receives by Kafka, with a real broker. */
class KafkaApplicationIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private static EmbeddedKafkaKraftBroker broker;

  private DatabaseInfo database;

  @BeforeAll
  static void startBroker() {
    broker = new EmbeddedKafkaKraftBroker(1, 2);
    broker.brokerProperty("group.initial.rebalance.delay.ms", "0");
    broker.afterPropertiesSet();
  }

  @AfterAll
  static void stopBroker() {
    broker.destroy();
  }

  @BeforeEach
  void createDatabase() {
    database = TestDatabase.shared().createDatabase();
  }

  @AfterEach
  void dropDatabase() {
    TestDatabase.shared().dropDatabase(database);
  }

  private ConfigurableApplicationContext start(String name, String... properties) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "evenkeel.transport=kafka",
                "spring.application.name=" + name,
                "spring.kafka.bootstrap-servers=" + broker.getBrokersAsString(),
                "evenkeel.kafka.topic=" + name + ".<aggregatetype>",
                "evenkeel.kafka.create-topics=true",
                "evenkeel.inbox.retry.in-memory-attempts=1",
                "evenkeel.inbox.retry.max-attempts=1",
                "evenkeel.inbox.retry.first-backoff=10ms"));
    all.addAll(List.of(properties));
    return TestApplications.start(database, ParcelApplication.class, all.toArray(String[]::new));
  }

  private static void ship(ConfigurableApplicationContext application, int number) {
    new TransactionTemplate(application.getBean(PlatformTransactionManager.class))
        .executeWithoutResult(
            status -> application.getBean(Outbox.class).append(new Shipped("p", number)));
  }

  @Test
  void eventTravelsByKafkaAndIsHandledOnce() {
    try (ConfigurableApplicationContext application = start("travel")) {
      ParcelApplication.Parcels parcels = application.getBean(ParcelApplication.Parcels.class);

      ship(application, 1);
      ship(application, 2);

      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(parcels.seen)
                      .containsExactly(new Shipped("p", 1), new Shipped("p", 2)));
      JdbcTemplate jdbc = application.getBean(JdbcTemplate.class);
      assertThat(jdbc.queryForObject("SELECT count(*) FROM evenkeel.inbox", Integer.class))
          .isEqualTo(2);
      assertThat(jdbc.queryForList("SELECT source FROM evenkeel.inbox_partition", String.class))
          .containsExactlyInAnyOrder("travel/travel.parcel/0", "travel/travel.parcel/1");
      assertThat(application.getBean(Transport.class).name()).isEqualTo("kafka");
      MeterRegistry registry = application.getBean(MeterRegistry.class);
      await()
          .atMost(SOON)
          .until(() -> registry.get("evenkeel.kafka.inbox.open").gauge().value() == 0);
      assertThat(registry.get("evenkeel.kafka.inbox.lag").gauge().value()).isZero();
      assertThat(
              application
                  .getBean("evenkeelKafkaHealthIndicator", HealthIndicator.class)
                  .health()
                  .getStatus())
          .isEqualTo(Status.UP);
    }
  }

  @Test
  void deadLetterOfTheConsumerSideIsRetriedInOrder() {
    try (ConfigurableApplicationContext application = start("dead")) {
      ParcelApplication.Parcels parcels = application.getBean(ParcelApplication.Parcels.class);
      ParkedMessages parked = application.getBean(ParkedMessages.class);
      parcels.broken = true;
      ship(application, 1);
      await().atMost(SOON).until(() -> parked.deadLetters(10).size() == 1);
      parcels.broken = false;
      ship(application, 2);
      await()
          .atMost(SOON)
          .until(() -> parkedRows(application) == 2); // the later one waits behind it
      assertThat(parcels.seen).isEmpty();

      parked.retry("parcels", parked.deadLetters(1).get(0).message().id(), "tester");

      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(parcels.seen)
                      .containsExactly(new Shipped("p", 1), new Shipped("p", 2)));
    }
  }

  private static long parkedRows(ConfigurableApplicationContext application) {
    Long rows =
        application
            .getBean(JdbcTemplate.class)
            .queryForObject("SELECT count(*) FROM evenkeel.parked_message", Long.class);
    return rows == null ? 0 : rows;
  }

  @Test
  void contextThatIsStoppedAndStartedAgainGoesOn() {
    try (ConfigurableApplicationContext application = start("again")) {
      ParcelApplication.Parcels parcels = application.getBean(ParcelApplication.Parcels.class);
      ship(application, 1);
      await().atMost(SOON).until(() -> parcels.seen.size() == 1);

      application.stop();
      ship(application, 2);
      application.start();

      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(parcels.seen)
                      .containsExactly(new Shipped("p", 1), new Shipped("p", 2)));
    }
  }

  @Test
  void producerThatWouldLoseMessagesIsRefused() {
    assertThatThrownBy(() -> start("refused", "spring.kafka.producer.acks=1"))
        .rootCause()
        .hasMessage("The Kafka producer of the relay can't be set so: acks must be all, was 1");
  }

  @Test
  void kafkaWithoutItsModuleIsRefused() {
    assertThatThrownBy(
            () ->
                start(
                    "missing",
                    "spring.autoconfigure.exclude=org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration"))
        .rootCause()
        .isInstanceOf(EvenkeelConfigurationException.class)
        .hasMessageContaining("add both");
  }
}
