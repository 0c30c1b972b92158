package dev.evenkeel.modulith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import com.example.bookshop.loyalty.Points;
import com.example.bookshop.orders.Orders;
import com.example.bookshop.shipping.Shipping;
import dev.evenkeel.outbox.OutboxException;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.modulith.events.core.EventPublicationRegistry;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** A Modulith application whose one dependency is this module; it has no publication registry. */
class ModulithApplicationIT {

  private static DatabaseInfo database;
  private static ConfigurableApplicationContext application;

  private final Orders orders = application.getBean(Orders.class);
  private final Shipping shipping = application.getBean(Shipping.class);
  private final Points points = application.getBean(Points.class);
  private final ParkedMessages parked = application.getBean(ParkedMessages.class);
  private final JdbcTemplate jdbc = application.getBean(JdbcTemplate.class);
  private final String id = UUID.randomUUID().toString();

  @BeforeAll
  static void start() {
    database = TestDatabase.shared().createDatabase();
    application = Bookshops.start(database);
  }

  @AfterAll
  static void stop() {
    application.close();
    TestDatabase.shared().dropDatabase(database);
  }

  private List<Map<String, Object>> outbox(String order) {
    return jdbc.queryForList(
        """
        SELECT aggregatetype, type, version, xid, convert_from(payload, 'UTF8') AS payload
          FROM evenkeel.outbox WHERE aggregateid = ? ORDER BY position
        """,
        order);
  }

  private List<String> steps(String order) {
    return jdbc.queryForList(
        "SELECT what FROM shipment_step WHERE order_id = ? ORDER BY step", String.class, order);
  }

  private void awaitSteps(String order, String... what) {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(steps(order)).containsExactly(what));
  }

  @Test
  void noPublicationRegistryIsNeeded() {
    assertThat(application.getBeansOfType(EventPublicationRegistry.class)).isEmpty();
  }

  @Test
  void externalizedEventIsInTheOutboxWhenItsTransactionCommits() {
    List<Map<String, Object>> before = new ArrayList<>();

    Long transaction =
        new TransactionTemplate(application.getBean(PlatformTransactionManager.class))
            .execute(
                status -> {
                  orders.complete(id, 3);
                  before.addAll(outbox(id));
                  return jdbc.queryForObject(
                      "SELECT pg_current_xact_id()::text::bigint", Long.class);
                });

    assertThat(before).as("written last of all").isEmpty();
    assertThat(outbox(id))
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.get("aggregatetype")).isEqualTo("order");
              assertThat(row.get("type")).isEqualTo("orders.OrderCompleted");
              assertThat(row.get("version")).isEqualTo(1);
              assertThat(row.get("xid")).as("the order's transaction").isEqualTo(transaction);
              assertThat((String) row.get("payload")).contains("\"books\":3");
            });
  }

  @Test
  void rollbackLeavesNeitherOrderNorEvent() {
    assertThatIllegalStateException().isThrownBy(() -> orders.completeAndFail(id));

    assertThat(jdbc.queryForList("SELECT 1 FROM customer_order WHERE id = ?", id)).isEmpty();
    assertThat(outbox(id)).isEmpty();
  }

  @Test
  void publishingOutsideATransactionIsRefusedInsteadOfLost() {
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> orders.announce(id))
        .withMessageContaining("outside a transaction");
  }

  @Test
  void otherModulesHandleEventsInOrderPerKey() {
    List<String> ids = IntStream.range(0, 20).mapToObj(i -> id + "-" + i).toList();

    ids.forEach(order -> orders.complete(order, 1));
    ids.forEach(orders::cancel);

    ids.forEach(order -> awaitSteps(order, "packed 1", "stopped"));
  }

  @Test
  void failingHandlerIsRetriedThenADeadLetterThatHoldsItsKeyAndCanBeRetried() {
    shipping.addressIsUnclear(id);
    orders.complete(id, 2);
    orders.cancel(id);
    String other = UUID.randomUUID().toString();
    orders.complete(other, 1);

    awaitSteps(other, "packed 1");
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(deadLetters()).hasSize(1));
    ParkedMessage dead = deadLetters().get(0);
    assertThat(dead.message().type()).isEqualTo("orders.OrderCompleted");
    assertThat(shipping.attempts(id)).as("attempts before it was dead").isGreaterThan(2);
    assertThat(steps(id)).as("the cancellation waits behind it").isEmpty();

    shipping.addressIsClear(id);
    assertThat(parked.retry("shipping", dead.message().id(), "operator")).isTrue();

    awaitSteps(id, "packed 2", "stopped");
  }

  private List<ParkedMessage> deadLetters() {
    return parked.deadLetters(100).stream()
        .filter(letter -> letter.message().aggregateId().equals(id))
        .toList();
  }

  @Test
  void modulithsOwnListenersGetTheEventOnceBesideTheInbox() {
    orders.complete(id, 1);

    awaitSteps(id, "packed 1");
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(points.given()).contains(id));
    // Handled later than the first, so a second copy of that would be there by now.
    orders.cancel(id);
    awaitSteps(id, "packed 1", "stopped");
    assertThat(points.given()).containsOnlyOnce(id);
    assertThat(shipping.attempts(id)).isEqualTo(1);
  }

  @Test
  void eventWithBothAnnotationsIsAppendedOnceUnderItsStableName() {
    orders.giveBack(id);

    assertThat(outbox(id))
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.get("aggregatetype")).isEqualTo("order");
              assertThat(row.get("type")).isEqualTo("order-returned");
              assertThat(row.get("version")).isEqualTo(2);
            });
    awaitSteps(id, "taken back");
  }
}
