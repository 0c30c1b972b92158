package dev.evenkeel.autoconfigure.jpa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;

/** An application with JPA and its own Flyway migrations, started on an empty database. */
class JpaApplicationIT {

  private static DatabaseInfo database;
  private static ConfigurableApplicationContext application;

  private final PurchaseService service = application.getBean(PurchaseService.class);
  private final JdbcTemplate jdbc = application.getBean(JdbcTemplate.class);
  private final UUID id = UUID.randomUUID();

  @BeforeAll
  static void start() {
    database = TestDatabase.shared().createDatabase();
    application =
        TestApplications.start(
            database,
            PurchaseApplication.class,
            "spring.jpa.hibernate.ddl-auto=validate",
            "spring.flyway.baseline-on-migrate=false");
  }

  @AfterAll
  static void stop() {
    application.close();
    TestDatabase.shared().dropDatabase(database);
  }

  private List<String> events(UUID purchase) {
    return jdbc.queryForList(
        "SELECT type FROM purchase_outbox WHERE aggregateid = ?",
        String.class,
        purchase.toString());
  }

  private List<String> receipts(UUID purchase) {
    return jdbc.queryForList(
        "SELECT text FROM receipt WHERE purchase_id = ?", String.class, purchase);
  }

  private void awaitReceipts(UUID purchase, String... texts) {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(receipts(purchase)).containsExactly(texts));
  }

  @Test
  void frameworkMigratesBeforeTheApplication() {
    // The application's migration makes a view of the framework's table. That it ran shows the
    // order of this start; what the beans depend on shows that the order is no accident.
    assertThat(jdbc.queryForObject("SELECT count(*) FROM flyway_schema_history", Integer.class))
        .isEqualTo(1);
    assertThat(dependenciesOf("flywayInitializer")).contains("evenkeelSchemaInitializer");
    assertThat(dependenciesOf("entityManagerFactory")).contains("evenkeelSchemaInitializer");
  }

  private static Set<String> dependenciesOf(String bean) {
    Set<String> found = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(bean));
    while (!open.isEmpty()) {
      String next = open.pop();
      String[] dependsOn = application.getBeanFactory().getBeanDefinition(next).getDependsOn();
      for (String name : dependsOn == null ? new String[0] : dependsOn) {
        if (found.add(name)) {
          open.push(name);
        }
      }
    }
    return found;
  }

  @Test
  void entityAndEventCommitTogether() {
    service.place(id);

    assertThat(jdbc.queryForObject("SELECT status FROM purchase WHERE id = ?", String.class, id))
        .isEqualTo("PLACED");
    assertThat(events(id)).containsExactly("purchase-placed");
  }

  @Test
  void rollbackLeavesNeither() {
    assertThatIllegalStateException().isThrownBy(() -> service.placeAndFail(id));

    assertThat(jdbc.queryForList("SELECT status FROM purchase WHERE id = ?", id)).isEmpty();
    assertThat(events(id)).isEmpty();
  }

  @Test
  void entityIsFlushedBeforeOutboxRowsAreWritten() {
    service.place(id);
    awaitReceipts(id, "placed");
    jdbc.update("DELETE FROM write_log");

    service.pay(id);

    assertThat(jdbc.queryForList("SELECT entry FROM write_log ORDER BY step", String.class))
        .startsWith("purchase", "outbox")
        .containsOnlyOnce("purchase");
  }

  @Test
  void entityListenerAppendsDuringTheFlush() {
    service.place(id);

    service.pay(id);

    assertThat(events(id))
        .containsExactlyInAnyOrder("purchase-placed", "purchase-paid", "purchase-updated");
  }

  @Test
  void eventsAreHandledOnceAndInOrder() {
    service.place(id);
    service.pay(id);

    awaitReceipts(id, "placed", "paid");
    assertThat(jdbc.queryForObject("SELECT count(*) FROM evenkeel.parked_message", Integer.class))
        .isZero();
  }

  @Test
  void metersCountWhatHappened() {
    service.place(id);
    awaitReceipts(id, "placed");

    MeterRegistry meters = application.getBean(MeterRegistry.class);
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(
                        meters
                            .get("evenkeel.inbox.handled")
                            .tag("consumer", "receipts")
                            .timer()
                            .count())
                    .isPositive());
    assertThat(meters.get("evenkeel.outbox.appended").counter().count()).isPositive();
    assertThat(meters.get("evenkeel.relay.sent").counter().count()).isPositive();
    assertThat(meters.get("evenkeel.relay.leader").gauge().value()).isEqualTo(1);
    assertThat(meters.get("evenkeel.inbox.dead.letters").gauge().value()).isZero();
    assertThat(meters.get("evenkeel.relay.lag.bytes").gauge().value()).isNotNegative();
  }

  @Test
  void healthIsUpAndTellsWhoLeads() {
    service.place(id);
    awaitReceipts(id, "placed");

    var health = application.getBean("evenkeelHealthIndicator", HealthIndicator.class).health();

    assertThat(health.getStatus()).isEqualTo(Status.UP);
    assertThat(health.getDetails())
        .containsEntry("state", "STREAMING")
        .containsKeys("node", "epoch", "retainedWalBytes", "oldestUnpublished", "parkedKeys");
  }
}
