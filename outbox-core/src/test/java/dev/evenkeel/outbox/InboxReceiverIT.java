package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.outbox.CoreDatabase.OrderPlaced;
import dev.evenkeel.outbox.ParkedStore.ParkOutcome;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataIntegrityViolationException;

class InboxReceiverIT {

  private static final String CONSUMER = "summary";

  private static CoreDatabase database;

  private final List<String> observed = Collections.synchronizedList(new ArrayList<>());
  private final MessageObserver observer =
      new MessageObserver() {
        @Override
        public void handled(String consumer, Duration sinceAppend) {
          observed.add("handled " + consumer);
        }

        @Override
        public void duplicate(String consumer) {
          observed.add("duplicate " + consumer);
        }
      };
  private final Handler bean = new Handler();
  private final InboxHandlerMethod handler = handler(bean);
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

  /** Writes a row, then does what the test wants. */
  private static final class Handler {

    private final TransactionalOutbox outbox = database.outbox();
    private volatile Runnable then = () -> {};
    private volatile boolean appends;

    @InboxHandler(consumer = CONSUMER)
    void on(OrderPlaced event, OutboxMessage message) {
      database.insertBusiness(event.orderId() + "/" + UUID.randomUUID());
      if (appends) {
        outbox.append(new OrderPlaced("caused by " + event.orderId(), 2));
      }
      then.run();
    }
  }

  private static InboxHandlerMethod handler(Handler bean) {
    try {
      var method = Handler.class.getDeclaredMethod("on", OrderPlaced.class, OutboxMessage.class);
      InboxHandlers handlers =
          InboxHandlers.builder(CoreDatabase.TYPES, CoreDatabase.CODEC)
              .add(bean, method, method.getAnnotation(InboxHandler.class))
              .build();
      InboxHandlerMethod found = handlers.find(CONSUMER, message("any"));
      assertThat(found).isNotNull();
      return found;
    } catch (NoSuchMethodException e) {
      throw new AssertionError(e);
    }
  }

  private InboxReceiver receiver() {
    return receiver(TimeSource.SYSTEM);
  }

  private InboxReceiver receiver(TimeSource time) {
    TransactionTarget target =
        new TransactionTarget("home", database.dataSource(), database.transactionManager());
    return new InboxReceiver(
        InboxOptions.defaults(),
        database.dataSource(),
        (consumer, message, shardKey) -> target,
        observer,
        time);
  }

  private record Delivery(boolean release, List<Integer> backends)
      implements InboxReceiver.Attempt {

    static Delivery first() {
      return new Delivery(false, new ArrayList<>());
    }

    static Delivery ofRelease() {
      return new Delivery(true, new ArrayList<>());
    }

    @Override
    public Fence fence() {
      return Fence.relay(5);
    }

    @Override
    public void began(TransactionTarget target, int backendPid, String startedAt) {
      backends.add(backendPid);
    }
  }

  private ReceiveOutcome receive(OutboxMessage message) {
    return receiver().receive(handler, message, Delivery.first());
  }

  @Test
  void aMessageIsHandledOnce() {
    OutboxMessage message = message("1");

    assertThat(receive(message)).isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(database.businessRows()).isEqualTo(1);
    assertThat(
            database
                .jdbc()
                .queryForList(
                    "SELECT consumer || ' ' || message_id FROM evenkeel.inbox", String.class))
        .containsExactly(CONSUMER + " " + message.id());
    assertThat(observed).containsExactly("handled summary");
  }

  @Test
  void aRedeliveredMessageIsHandledOnce() {
    OutboxMessage message = message("1");
    receive(message);

    assertThat(receive(message))
        .as("each message takes effect at most once")
        .isEqualTo(ReceiveOutcome.DUPLICATE);
    assertThat(receiver().receive(handler, message, Delivery.ofRelease()))
        .isEqualTo(ReceiveOutcome.DUPLICATE);
    assertThat(database.businessRows()).isEqualTo(1);
    assertThat(observed)
        .containsExactly("handled summary", "duplicate summary", "duplicate summary");
  }

  @Test
  void aHandlerThatFailsLeavesNothing() {
    OutboxMessage message = message("1");
    bean.appends = true;
    bean.then =
        () -> {
          throw new IllegalStateException("handler says no");
        };

    assertThatThrownBy(() -> receive(message)).hasMessage("handler says no");

    assertThat(database.businessRows()).isZero();
    assertThat(database.count("SELECT count(*) FROM evenkeel.inbox")).isZero();
    assertThat(database.outboxKeys()).isEmpty();
    assertThat(observed).isEmpty();

    bean.then = () -> {};
    assertThat(receive(message)).isEqualTo(ReceiveOutcome.HANDLED);
  }

  @Test
  void aHandlersDatabaseErrorReachesTheCaller() {
    bean.then = () -> database.insertBusiness(null);

    assertThatExceptionOfType(DataIntegrityViolationException.class)
        .isThrownBy(() -> receive(message("1")));
    assertThat(database.count("SELECT count(*) FROM evenkeel.inbox")).isZero();
  }

  /** PostgreSQL has aborted the transaction then, and the driver calls its rollback a commit. */
  @Test
  void aHandlerThatSwallowsADatabaseErrorHasNotHandledTheMessage() {
    OutboxMessage message = message("1");
    bean.then =
        () ->
            assertThatExceptionOfType(DataIntegrityViolationException.class)
                .isThrownBy(() -> database.insertBusiness(null));

    assertThatThrownBy(() -> receive(message))
        .hasMessageContaining("its transaction can only roll back");

    assertThat(database.businessRows()).isZero();
    assertThat(database.count("SELECT count(*) FROM evenkeel.inbox")).isZero();
    assertThat(observed).isEmpty();
  }

  @Test
  void anUnreadablePayloadLeavesNothing() {
    OutboxMessage message = OutboxMessage.of("order-placed", 1, "order", "1", new byte[] {'?'});

    assertThatExceptionOfType(PayloadException.class).isThrownBy(() -> receive(message));
    assertThat(database.count("SELECT count(*) FROM evenkeel.inbox")).isZero();
  }

  @Test
  void eightDeliveriesAtOnceHaveOneEffect() throws Exception {
    OutboxMessage message = message("1");
    int threads = 8;
    CyclicBarrier together = new CyclicBarrier(threads);
    InboxReceiver receiver = receiver();
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<ReceiveOutcome>> deliveries = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        deliveries.add(
            executor.submit(
                () -> {
                  together.await(10, TimeUnit.SECONDS);
                  return receiver.receive(handler, message, Delivery.first());
                }));
      }
      List<ReceiveOutcome> outcomes = new ArrayList<>();
      for (Future<ReceiveOutcome> delivery : deliveries) {
        outcomes.add(delivery.get(60, TimeUnit.SECONDS));
      }
      assertThat(outcomes)
          .containsOnlyOnce(ReceiveOutcome.HANDLED)
          .filteredOn(ReceiveOutcome.DUPLICATE::equals)
          .hasSize(threads - 1);
    } finally {
      executor.shutdownNow();
    }
    assertThat(database.businessRows()).isEqualTo(1);
  }

  @Test
  void theTransactionIsDurableBoundedAndRecognisable() {
    List<String> settings = new ArrayList<>();
    bean.then =
        () ->
            settings.addAll(
                database
                    .jdbc()
                    .queryForList(
                        "SELECT current_setting(name) FROM unnest(ARRAY['application_name',"
                            + " 'synchronous_commit', 'lock_timeout',"
                            + " 'idle_in_transaction_session_timeout']) AS name",
                        String.class));
    Delivery delivery = Delivery.first();

    receiver().receive(handler, message("1"), delivery);

    assertThat(settings).containsExactly("evenkeel:evenkeel:5:handler", "on", "5s", "6s");
    assertThat(delivery.backends()).hasSize(1);
  }

  @Test
  void aMessageOlderThanTheWindowIsExpired() {
    OutboxMessage fresh = message("1");
    OutboxMessage old = createdAt(fresh, Instant.now().minus(Duration.ofDays(10)).minusSeconds(60));

    assertThat(receive(old)).isEqualTo(ReceiveOutcome.EXPIRED);
    assertThat(receiver(() -> Duration.ofDays(11)).receive(handler, fresh, Delivery.first()))
        .isEqualTo(ReceiveOutcome.EXPIRED);
    assertThat(database.businessRows()).isZero();
    parked.park(Fence.relay(0), CONSUMER, old, ParkReason.EXPIRED, "x", Duration.ZERO);
    assertThat(receiver().receive(handler, old, Delivery.ofRelease()))
        .isEqualTo(ReceiveOutcome.HANDLED);
  }

  @Test
  void aParkedMessageIsNotDispatchedAgain() {
    OutboxMessage message = message("1");
    park(message);

    assertThat(receive(message)).isEqualTo(ReceiveOutcome.ALREADY_PARKED);
    assertThat(database.businessRows()).isZero();
  }

  @Test
  void aParkedMessageThatEndedIsNotDispatchedAgain() {
    OutboxMessage message = message("1");
    parked.park(Fence.relay(0), CONSUMER, message, ParkReason.UNREADABLE, "x", null);
    parked.discard(CONSUMER, message.id(), "operator", "not wanted");

    assertThat(receive(message)).isEqualTo(ReceiveOutcome.ALREADY_PARKED);
    assertThat(receive(message("1"))).isEqualTo(ReceiveOutcome.HANDLED);
  }

  @Test
  void aLaterMessageOfAParkedKeyIsToldToQueue() {
    park(message("1"));

    assertThat(receive(message("1")))
        .as("messages of a key take effect in order")
        .isEqualTo(ReceiveOutcome.KEY_PARKED);
    assertThat(receive(message("2"))).isEqualTo(ReceiveOutcome.HANDLED);
  }

  @Test
  void aReleaseIsNotRefusedForBeingParked() {
    OutboxMessage message = message("1");
    park(message);

    assertThat(receiver().receive(handler, message, Delivery.ofRelease()))
        .isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(database.businessRows()).isEqualTo(1);
  }

  @Test
  void aKeyParkedForOneConsumerIsFreeForAnother() {
    parked.park(
        Fence.relay(0), "other", message("1"), ParkReason.HANDLER_FAILED, "x", Duration.ZERO);

    assertThat(receive(message("1"))).isEqualTo(ReceiveOutcome.HANDLED);
  }

  @Test
  void effectsInAnotherDatabaseHaveTheirInboxRowThere() {
    try (CoreDatabase shard = new CoreDatabase()) {
      TransactionTarget target =
          new TransactionTarget("shard", shard.dataSource(), shard.transactionManager());
      InboxReceiver receiver =
          new InboxReceiver(
              InboxOptions.defaults(),
              database.dataSource(),
              (consumer, message, shardKey) -> target,
              observer,
              TimeSource.SYSTEM);
      OutboxMessage message = message("1");
      park(message("2"));

      assertThat(receiver.receive(handler, message, Delivery.first()))
          .isEqualTo(ReceiveOutcome.HANDLED);
      assertThat(receiver.receive(handler, message, Delivery.first()))
          .isEqualTo(ReceiveOutcome.DUPLICATE);
      assertThat(receiver.receive(handler, message("2"), Delivery.first()))
          .isEqualTo(ReceiveOutcome.KEY_PARKED);
      assertThat(shard.count("SELECT count(*) FROM evenkeel.inbox")).isEqualTo(1);
      assertThat(database.count("SELECT count(*) FROM evenkeel.inbox")).isZero();
    }
  }

  @Test
  void whatAHandlerAppendsNamesItsCause() {
    bean.appends = true;
    OutboxMessage cause =
        message("1")
            .withHeaders(
                Map.of(
                    "correlation-id", "request", "tenant", "acme", "traceparent", "t", "own", "x"));
    receive(cause);
    OutboxMessage plain = message("2");
    receive(plain);

    List<Map<String, String>> headers =
        database
            .jdbc()
            .queryForList("SELECT headers FROM evenkeel.outbox ORDER BY position", String.class)
            .stream()
            .map(HeadersJson::read)
            .toList();
    assertThat(headers)
        .containsExactly(
            Map.of(
                "causation-id",
                cause.id().toString(),
                "correlation-id",
                "request",
                "tenant",
                "acme",
                "traceparent",
                "t"),
            Map.of("causation-id", plain.id().toString(), "correlation-id", plain.id().toString()));
    assertThat(CurrentMessage.headers()).isEmpty();
  }

  private void park(OutboxMessage message) {
    assertThat(
            parked.park(
                Fence.relay(0),
                CONSUMER,
                message,
                ParkReason.HANDLER_FAILED,
                "x",
                Duration.ofMinutes(1)))
        .isEqualTo(ParkOutcome.PARKED);
  }

  private static OutboxMessage createdAt(OutboxMessage m, Instant instant) {
    return new OutboxMessage(
        m.id(),
        m.aggregateType(),
        m.aggregateId(),
        m.type(),
        m.version(),
        m.payload(),
        m.headers(),
        instant);
  }
}
