package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.delivery.InboxLanes;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.UncategorizedSQLException;

/** Handlers with transactions of their own, called by the receiver and by lanes. */
class DirectHandlerIT {

  private static final String CONSUMER = "participant:shipping";
  private static final String TYPE = "saga-command.shipping";
  private static final Fence FENCE = Fence.relay(0);
  private static final Duration SOON = Duration.ofSeconds(60);

  /** Dead after two attempts and one more as a release. */
  private static final LaneOptions LANES =
      new LaneOptions(
          4,
          2,
          Duration.ofMillis(100),
          1,
          Duration.ofMillis(20),
          Duration.ofMillis(100),
          Duration.ofMillis(500),
          Duration.ofMillis(500));

  private static CoreDatabase database;

  private final Shipping shipping = new Shipping();
  private final InboxHandlers handlers =
      InboxHandlers.builder(CoreDatabase.TYPES, CoreDatabase.CODEC).addDirect(shipping).build();
  private final List<@Nullable ShardKey> routed = Collections.synchronizedList(new ArrayList<>());
  private final InboxReceiver receiver =
      new InboxReceiver(
          InboxOptions.defaults(),
          database.dataSource(),
          (consumer, message, shardKey) -> {
            routed.add(shardKey);
            return new TransactionTarget(
                "home", database.dataSource(), database.transactionManager());
          },
          MessageObserver.NONE,
          TimeSource.SYSTEM,
          new TablePayloadStore(database.dataSource(), CoreDatabase.SCHEMA));
  private final ParkedStore parked =
      new ParkedStore(
          database.dataSource(), CoreDatabase.SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM);

  @BeforeAll
  static void create() {
    database = new CoreDatabase();
  }

  @AfterAll
  static void drop() {
    database.close();
  }

  @BeforeEach
  void clear() {
    database.clear();
  }

  /** In the handler's transaction, after its row. */
  private interface Then {
    void in(Connection connection, OutboxMessage message) throws SQLException;
  }

  /** Each message is a row, with its payload, in a transaction. */
  private static final class Shipping implements DirectHandler {

    private volatile Then then = (connection, message) -> {};
    private volatile boolean again;

    @Override
    public String consumer() {
      return CONSUMER;
    }

    @Override
    public String type() {
      return TYPE;
    }

    @Override
    public String aggregateType() {
      return TYPE;
    }

    @Override
    public ShardKey shardKey(OutboxMessage message) {
      if (text(message).equals("broken")) {
        throw new NoClassDefFoundError("of a bad deployment");
      }
      return new ShardKey("hash", text(message));
    }

    @Override
    public void handle(OutboxMessage message, TransactionTarget target, Began began)
        throws SQLException {
      try {
        inTransaction(message, target, began);
      } catch (SQLException e) {
        if (!again) {
          throw e;
        }
        Thread.interrupted(); // or it would get no connection
        inTransaction(message, target, began);
      }
    }

    private void inTransaction(OutboxMessage message, TransactionTarget target, Began began)
        throws SQLException {
      try (Connection connection = target.dataSource().getConnection()) {
        connection.setAutoCommit(false);
        began.on(connection);
        try (PreparedStatement insert =
            connection.prepareStatement("INSERT INTO business (id) VALUES (?)")) {
          insert.setString(1, message.aggregateId() + "/" + UUID.randomUUID());
          insert.executeUpdate();
        }
        then.in(connection, message);
        connection.commit();
      } // a pool rolls back what was not committed
    }
  }

  private static String text(OutboxMessage message) {
    return new String(message.payload(), StandardCharsets.UTF_8);
  }

  private static OutboxMessage command(String key) {
    return OutboxMessage.of(TYPE, 3, TYPE, key, "Berlin".getBytes(StandardCharsets.UTF_8));
  }

  private record Attempt(boolean release, int revision, List<String> begun)
      implements InboxReceiver.Attempt {

    @Override
    public Fence fence() {
      return FENCE;
    }

    @Override
    public void began(TransactionTarget target, int backendPid, String startedAt) {
      begun.add(backendPid + " " + startedAt);
    }
  }

  private static Attempt live() {
    return new Attempt(false, 0, new ArrayList<>());
  }

  private static Attempt releaseOf(ParkedMessage message) {
    return new Attempt(true, message.revision(), new ArrayList<>());
  }

  private ReceiveOutcome receive(OutboxMessage message, InboxReceiver.Attempt attempt) {
    InboxHandlerMethod handler = handlers.find(CONSUMER, message);
    assertThat(handler).isNotNull();
    return receiver.receive(handler, message, attempt);
  }

  private static void assertNothingIsLeft() {
    assertThat(database.businessRows()).isZero();
    assertThat(database.count("SELECT count(*) FROM evenkeel.inbox")).isZero();
  }

  @Test
  void whatIsDeliveredTwiceIsHandledTwiceWithoutAnInboxRow() {
    OutboxMessage message = command("1");

    assertThat(receive(message, live())).isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(receive(message, live())).isEqualTo(ReceiveOutcome.HANDLED);

    assertThat(database.businessRows()).isEqualTo(2);
    assertThat(database.count("SELECT count(*) FROM evenkeel.inbox")).isZero();
    assertThat(routed).containsExactly(new ShardKey("hash", "Berlin"), routed.get(0));
  }

  @Test
  void noMessageIsTooOld() {
    OutboxMessage m = command("1");
    OutboxMessage old =
        new OutboxMessage(
            m.id(),
            m.aggregateType(),
            m.aggregateId(),
            m.type(),
            m.version(),
            m.payload(),
            m.headers(),
            Instant.now().minus(Duration.ofDays(400)));

    assertThat(receive(old, live())).isEqualTo(ReceiveOutcome.HANDLED);
  }

  @Test
  void parkedKeysAndParkedMessagesAreRefused() {
    OutboxMessage message = command("1");
    parked.park(FENCE, CONSUMER, message, ParkReason.HANDLER_FAILED, "x", null);

    assertThat(receive(message, live())).isEqualTo(ReceiveOutcome.ALREADY_PARKED);
    assertThat(receive(command("1"), live())).isEqualTo(ReceiveOutcome.KEY_PARKED);
    assertNothingIsLeft();
    assertThat(receive(command("2"), live())).isEqualTo(ReceiveOutcome.HANDLED);
  }

  @Test
  void releaseIsHandledUnlessTheMessageWasEditedMeanwhile() {
    OutboxMessage message = command("1");
    parked.park(FENCE, CONSUMER, message, ParkReason.HANDLER_FAILED, "x", null);
    ParkedMessage stale = parked.find(CONSUMER, message.id()).orElseThrow();
    parked.edit(
        CONSUMER,
        message.id(),
        DeadLetterEdit.ofPayload(0, "Bonn".getBytes(StandardCharsets.UTF_8)),
        "editor",
        "wrong");
    parked.retry(CONSUMER, message.id(), "operator");

    assertThat(receive(stale.message(), releaseOf(stale))).isEqualTo(ReceiveOutcome.ALREADY_PARKED);
    assertNothingIsLeft();
    ParkedMessage edited = parked.find(CONSUMER, message.id()).orElseThrow();
    assertThat(receive(edited.message(), releaseOf(edited))).isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(routed.get(routed.size() - 1)).isEqualTo(new ShardKey("hash", "Bonn"));
  }

  @Test
  void failureReachesTheCallerAndLeavesNothing() {
    shipping.then =
        (connection, message) -> {
          throw new IllegalStateException("no ship");
        };
    assertThatThrownBy(() -> receive(command("1"), live())).hasMessage("no ship");

    shipping.then =
        (connection, message) -> {
          throw new SQLException("no database", "08006");
        };
    assertThatExceptionOfType(UncategorizedSQLException.class)
        .isThrownBy(() -> receive(command("1"), live()))
        .satisfies(e -> assertThat(FailureKind.of(e)).isEqualTo(FailureKind.OUTAGE));
    assertNothingIsLeft();
    assertThat(CurrentMessage.headers()).isEmpty();
  }

  @Test
  void transactionsAreDurableBoundedRecognisableAndCausedByTheMessage() {
    List<String> found = new ArrayList<>();
    List<String> session = new ArrayList<>();
    shipping.then =
        (connection, message) -> {
          found.addAll(
              row(
                  connection,
                  """
                  SELECT current_setting('synchronous_commit'), current_setting('lock_timeout'),
                         current_setting('statement_timeout'), current_setting('application_name'),
                         current_setting('idle_in_transaction_session_timeout')
                  """));
          session.addAll(
              row(
                  connection,
                  "SELECT pid || ' ' || xact_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"));
          found.add(String.valueOf(CurrentMessage.headers().get(MessageHeaders.CAUSATION_ID)));
        };
    OutboxMessage message = command("1");
    Attempt attempt = live();

    receive(message, attempt);

    assertThat(found)
        .containsExactly("on", "5s", "5s", "evenkeel:evenkeel:0:handler", "6s", message.id() + "");
    assertThat(attempt.begun()).isEqualTo(session).hasSize(1);
  }

  private static List<String> row(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      List<String> values = new ArrayList<>();
      for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
        values.add(row.getString(i));
      }
      return values;
    }
  }

  @Test
  void autoCommitIsNoTransaction() {
    DirectHandler careless =
        new DirectHandler() {
          @Override
          public String consumer() {
            return CONSUMER;
          }

          @Override
          public String type() {
            return TYPE;
          }

          @Override
          public String aggregateType() {
            return TYPE;
          }

          @Override
          public void handle(OutboxMessage message, TransactionTarget target, Began began)
              throws SQLException {
            try (Connection connection = target.dataSource().getConnection()) {
              began.on(connection);
            }
          }
        };
    InboxHandlerMethod handler =
        InboxHandlers.builder(CoreDatabase.TYPES, CoreDatabase.CODEC)
            .addDirect(careless)
            .build()
            .find(CONSUMER, command("1"));
    assertThat(handler).isNotNull();

    assertThatThrownBy(() -> receiver.receive(handler, command("1"), live()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is in auto-commit mode");
  }

  @Test
  void claimIsRedeemedAndOneThatNobodyKnowsIsMissing() {
    TablePayloadStore store = new TablePayloadStore(database.dataSource(), CoreDatabase.SCHEMA);
    OutboxMessage message = command("1");
    OutboxMessage light =
        database.transactions().execute(status -> new ClaimCheck(store).leave(message));
    assertThat(light).isNotNull();
    List<String> payloads = new ArrayList<>();
    shipping.then = (connection, received) -> payloads.add(text(received));

    assertThat(receive(light, live())).isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(payloads).containsExactly("Berlin");

    OutboxMessage lost =
        light.withHeaders(Map.of(MessageHeaders.CLAIM_CHECK, UUID.randomUUID().toString()));
    assertThatExceptionOfType(ClaimMissingException.class).isThrownBy(() -> receive(lost, live()));
  }

  // ---- in lanes

  private static final Leadership LEADER =
      new Leadership() {
        @Override
        public long epoch() {
          return FENCE.epoch();
        }

        @Override
        public boolean mayDispatch() {
          return true;
        }
      };

  private static final class Acknowledged implements Acknowledgement {

    private final AtomicInteger count = new AtomicInteger();

    @Override
    public void acknowledge() {
      count.incrementAndGet();
    }

    @Override
    public void fail(Throwable cause) {
      throw new AssertionError(cause);
    }
  }

  private InboxLanes lanes() {
    return new InboxLanes(
        LANES, handlers, receiver, parked, MessageObserver.NONE, InboxLanes.UnknownTypes.PARK);
  }

  @Test
  void failureParksItsKeyAndOthersFlowOnUntilAnOperatorReleasesIt() {
    AtomicReference<String> poison = new AtomicReference<>("poison");
    shipping.then =
        (connection, message) -> {
          if (message.aggregateId().equals(poison.get())) {
            throw new IllegalStateException("no ship");
          }
        };
    Acknowledged acknowledged = new Acknowledged();
    try (InboxLanes lanes = lanes()) {
      InboxLanes.Feed feed = lanes.open(LEADER);
      OutboxMessage head = command("poison");
      feed.send(head, acknowledged);
      feed.send(command("poison"), acknowledged);
      feed.send(command("fine"), acknowledged);

      await().atMost(SOON).until(() -> acknowledged.count.get() == 3);
      await().atMost(SOON).until(() -> parked.deadLetters(10).size() == 1);
      assertThat(database.businessRows()).isOne();
      assertThat(parked.deadLetters(10).get(0).reason()).isEqualTo(ParkReason.HANDLER_FAILED);
      feed.send(command("fine"), acknowledged);
      await().atMost(SOON).until(() -> database.businessRows() == 2);

      poison.set("");
      assertThat(parked.retry(CONSUMER, head.id(), "operator")).isTrue();
      await().atMost(SOON).until(() -> parked.counts().keys() == 0);
      assertThat(database.count("SELECT count(*) FROM business WHERE id LIKE 'poison/%'"))
          .isEqualTo(2);
      assertThat(database.count("SELECT count(*) FROM evenkeel.inbox")).isZero();
    }
  }

  /** Fails again when it is asked what failed. */
  private static final class UntellableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("nothing to tell");
    }
  }

  @Test
  void failureThatCantBeToldAndOneOfRoutingCountLikeAnyOther() {
    shipping.then =
        (connection, message) -> {
          if (message.aggregateId().equals("untellable")) {
            throw new UntellableException();
          }
        };
    Acknowledged acknowledged = new Acknowledged();
    OutboxMessage untellable = command("untellable");
    OutboxMessage unroutable =
        OutboxMessage.of(TYPE, 3, TYPE, "b", "broken".getBytes(StandardCharsets.UTF_8));
    try (InboxLanes lanes = lanes()) {
      InboxLanes.Feed feed = lanes.open(LEADER);
      feed.send(untellable, acknowledged);
      feed.send(unroutable, acknowledged);

      await().atMost(SOON).until(() -> parked.deadLetters(10).size() == 2);
      assertThat(acknowledged.count.get()).isEqualTo(2);
      assertThat(parked.find(CONSUMER, untellable.id()).orElseThrow().error())
          .isEqualTo(UntellableException.class.getName() + ", of which nothing can be told");
      assertThat(parked.find(CONSUMER, unroutable.id()).orElseThrow().error())
          .contains("can't be routed", "of a bad deployment");
    }
  }

  /** Its statement_timeout is ten times what the lanes allow. */
  @Test
  void transactionThatIsBegunPastTheTimeIsEndedAsWell() {
    Acknowledged acknowledged = new Acknowledged();
    shipping.again = true;
    shipping.then = (connection, message) -> row(connection, "SELECT pg_sleep(60)");
    OutboxMessage slow = command("slow");
    try (InboxLanes lanes = lanes()) {
      lanes.open(LEADER).send(slow, acknowledged);

      await().atMost(SOON).until(() -> acknowledged.count.get() == 1);
      assertThat(parked.find(CONSUMER, slow.id()).orElseThrow().error())
          .isEqualTo("took longer than evenkeel.inbox.handler-timeout");
      assertNothingIsLeft();
    }
  }
}
