package dev.evenkeel.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ReceiveOutcome;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.testing.ManualRelay.Delivery;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import tools.jackson.databind.json.JsonMapper;

class ManualRelayIT {

  @OutboxEvent(type = "order-placed", aggregateType = "order", key = "orderId")
  private record OrderPlaced(String orderId, int total) {}

  @OutboxEvent(type = "order-confirmed", aggregateType = "order", key = "orderId")
  private record OrderConfirmed(String orderId) {}

  private static final EventTypes TYPES =
      EventTypes.of(List.of(OrderPlaced.class, OrderConfirmed.class));
  private static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.shared());

  private static EvenkeelDatabase database;
  private static JdbcTemplate jdbc;
  private static Outbox outbox;

  private final Orders orders = new Orders();
  private final ManualRelay relay = database.relay(handlers());

  @BeforeAll
  static void create() {
    database = EvenkeelDatabase.create("orders");
    jdbc = new JdbcTemplate(database.dataSource());
    jdbc.execute("CREATE TABLE seen (what text)");
    outbox = database.outbox(TYPES, CODEC);
  }

  @AfterAll
  static void drop() {
    database.close();
  }

  @BeforeEach
  void clear() {
    jdbc.execute("TRUNCATE seen, orders.outbox, orders.inbox");
  }

  /** Confirms what was placed, unless it is told to fail. */
  private static final class Orders {

    private boolean fails;

    @InboxHandler(consumer = "orders")
    void on(OrderPlaced event) {
      jdbc.update("INSERT INTO seen VALUES (?)", "placed " + event.orderId());
      if (fails) {
        throw new UnsupportedOperationException("no orders today");
      }
      outbox.append(new OrderConfirmed(event.orderId()));
    }

    @InboxHandler(consumer = "mail")
    void on(OrderConfirmed event) {
      jdbc.update("INSERT INTO seen VALUES (?)", "confirmed " + event.orderId());
    }
  }

  private InboxHandlers handlers() {
    InboxHandlers.Builder builder = InboxHandlers.builder(TYPES, CODEC);
    Stream.of(Orders.class.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(InboxHandler.class))
        .forEach(method -> builder.add(orders, method, method.getAnnotation(InboxHandler.class)));
    return builder.build();
  }

  private static void place(String... orderIds) {
    database
        .transactions()
        .executeWithoutResult(
            tx -> {
              for (String orderId : orderIds) {
                outbox.append(new OrderPlaced(orderId, 7));
              }
            });
  }

  private static List<String> seen() {
    return jdbc.queryForList("SELECT what FROM seen", String.class);
  }

  @Test
  void deliversInOrderUntilNothingIsLeft() {
    place("1", "2");

    List<Delivery> deliveries = relay.deliverAll();

    assertThat(seen()).containsExactly("placed 1", "placed 2", "confirmed 1", "confirmed 2");
    assertThat(deliveries)
        .extracting(Delivery::consumer)
        .containsExactly("orders", "orders", "mail", "mail");
    assertThat(deliveries).extracting(Delivery::outcome).containsOnly(ReceiveOutcome.HANDLED);
    assertThat(relay.deliverAll()).isEmpty();
  }

  @Test
  void nothingIsDeliveredBeforeTheCommit() throws Exception {
    try (Connection open = database.dataSource().getConnection();
        Statement statement = open.createStatement()) {
      open.setAutoCommit(false);
      // Draws a position first and commits last: a high-water mark would skip it.
      statement.execute(
          "INSERT INTO orders.outbox (id, aggregatetype, aggregateid, type, version, slot, payload)"
              + " VALUES (gen_random_uuid(), 'order', 'late', 'order-confirmed', 1, 0,"
              + " '{\"orderId\":\"late\"}')");
      place("early");
      relay.deliverAll();
      assertThat(seen()).containsExactly("placed early", "confirmed early");

      open.commit();
    }
    assertThat(relay.deliverAll()).hasSize(1);
    assertThat(seen()).endsWith("confirmed late");
  }

  @Test
  void aHandlersExceptionReachesTheTestAndTheMessageIsDeliveredAgain() {
    place("1");
    orders.fails = true;

    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(relay::deliverAll)
        .withMessage("no orders today");
    assertThat(seen()).isEmpty();

    orders.fails = false;
    relay.deliverAll();
    assertThat(seen()).containsExactly("placed 1", "confirmed 1");
  }

  @Test
  void redeliveryHasNoSecondEffect() {
    place("1");
    relay.deliverAll();

    assertThat(relay.redeliverAll())
        .extracting(Delivery::outcome)
        .containsExactly(ReceiveOutcome.DUPLICATE, ReceiveOutcome.DUPLICATE);
    assertThat(seen()).hasSize(2);
  }

  @Test
  void withoutATransactionOfItsCallerOnly() {
    assertThatIllegalStateException()
        .isThrownBy(() -> database.transactions().executeWithoutResult(tx -> relay.deliverAll()))
        .withMessageContaining("commit first");
  }

  @Test
  void aTypeThatNobodyKnowsIsAnError() {
    OutboxMessage unknown = OutboxMessage.of("order-lost", 1, "order", "1", new byte[0]);
    OutboxMessage newer = OutboxMessage.of("order-placed", 2, "order", "1", new byte[0]);
    database.transactions().executeWithoutResult(tx -> outbox.append(unknown));
    assertThatThrownBy(relay::deliverAll)
        .hasMessage(
            unknown + " is of a type that no class and no handler knows; register the type");

    jdbc.execute("TRUNCATE orders.outbox");
    database.transactions().executeWithoutResult(tx -> outbox.append(newer));
    assertThatThrownBy(relay::deliverAll)
        .hasMessage(newer + " is of a version that these consumers do not handle: [orders]");
  }

  @Test
  void theOutboxIsReadAsItWasWritten() {
    place("1", "2");

    OutboxRows rows = database.outboxRows();
    assertThat(rows.messagesOf("order-placed")).hasSize(2).isEqualTo(rows.messages());
    assertThat(rows.messagesOf("order-confirmed")).isEmpty();
    OutboxRow first = rows.all().get(0);
    assertThat(first.slot()).isEqualTo(SlotHash.slotOf("1"));
    assertThat(first.position()).isLessThan(rows.all().get(1).position());
    assertThat(first.transactionId()).isEqualTo(rows.all().get(1).transactionId());
    assertThat(first.bucket()).isBetween(0, 15);
    assertThat(CODEC.decode(first.message().payload(), OrderPlaced.class))
        .isEqualTo(new OrderPlaced("1", 7));
    assertThat(first.message().headers()).containsOnlyKeys("correlation-id");
  }
}
