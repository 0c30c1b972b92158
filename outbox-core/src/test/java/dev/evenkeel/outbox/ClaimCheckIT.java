package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.CODEC;
import static dev.evenkeel.outbox.CoreDatabase.SCHEMA;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.evenkeel.outbox.CoreDatabase.OrderPlaced;
import dev.evenkeel.outbox.OutboxOptions.ClaimCheckOptions;
import dev.evenkeel.outbox.ParkedStore.ParkOutcome;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadStore;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Payloads that do not travel in their messages. */
class ClaimCheckIT {

  private static final String CONSUMER = "summary";
  private static final ClaimCheckOptions ABOVE_100 = new ClaimCheckOptions(100, 2_000);

  private static CoreDatabase database;

  /** Fails while it is away. */
  private static final class Store implements PayloadStore {

    private final PayloadStore table = new TablePayloadStore(database.dataSource(), SCHEMA);
    private boolean away;
    private int loads;

    @Override
    public String store(OutboxMessage message) {
      return table.store(message);
    }

    @Override
    public Optional<byte[]> load(String claim) {
      loads++;
      if (away) {
        throw new IllegalStateException("the store is away");
      }
      return table.load(claim);
    }
  }

  private final Store store = new Store();
  private final TransactionalOutbox outbox = outbox(ABOVE_100);
  private final ParkedStore parked =
      new ParkedStore(
          database.dataSource(), SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM, store);
  private final Handler bean = new Handler();
  private final InboxHandlerMethod handler = handler(bean);

  /** Takes both forms of what it handles. */
  private static final class Handler {

    private final List<OrderPlaced> events = new ArrayList<>();
    private final List<OutboxMessage> messages = new ArrayList<>();
    private @Nullable RuntimeException failure;

    @InboxHandler(consumer = CONSUMER, shardKey = "orderId")
    void on(OrderPlaced event, OutboxMessage message) {
      if (failure != null) {
        throw failure;
      }
      events.add(event);
      messages.add(message);
    }
  }

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

  private static InboxHandlerMethod handler(Handler bean) {
    try {
      var method = Handler.class.getDeclaredMethod("on", OrderPlaced.class, OutboxMessage.class);
      InboxHandlerMethod found =
          InboxHandlers.builder(CoreDatabase.TYPES, CODEC)
              .add(bean, method, method.getAnnotation(InboxHandler.class))
              .build()
              .find(CONSUMER, CoreDatabase.message("any"));
      assertThat(found).isNotNull();
      return found;
    } catch (NoSuchMethodException e) {
      throw new AssertionError(e);
    }
  }

  private TransactionalOutbox outbox(@Nullable ClaimCheckOptions claimCheck) {
    return new TransactionalOutbox(
        database.dataSource(),
        new OutboxOptions(SCHEMA, 1_000, claimCheck),
        CoreDatabase.TYPES,
        CODEC,
        new TransactionalOutbox.Context(
            List.of(), List.of(), MessageObserver.NONE, TransactionSlot.NONE, store));
  }

  private InboxReceiver receiver(CoreDatabase effects) {
    TransactionTarget target =
        new TransactionTarget("effects", effects.dataSource(), effects.transactionManager());
    return new InboxReceiver(
        InboxOptions.defaults(),
        database.dataSource(),
        (consumer, message, shardKey) -> target,
        MessageObserver.NONE,
        TimeSource.SYSTEM,
        store);
  }

  private ReceiveOutcome receive(OutboxMessage message) {
    return receiver(database).receive(handler, message, new Attempt(false));
  }

  private record Attempt(boolean release) implements InboxReceiver.Attempt {

    @Override
    public Fence fence() {
      return Fence.relay(0);
    }

    @Override
    public void began(TransactionTarget target, int backendPid, String startedAt) {}
  }

  private static OrderPlaced large(String key) {
    return new OrderPlaced(key + "x".repeat(1_500), 1);
  }

  private void append(Object event) {
    database.transactions().executeWithoutResult(status -> outbox.append(event));
  }

  /** The only message in the outbox, as a relay reads it. */
  private OutboxMessage message() {
    return database
        .jdbc()
        .queryForObject(
            "SELECT * FROM evenkeel.outbox",
            (row, n) ->
                new OutboxMessage(
                    row.getObject("id", UUID.class),
                    row.getString("aggregatetype"),
                    row.getString("aggregateid"),
                    row.getString("type"),
                    row.getInt("version"),
                    row.getBytes("payload"),
                    HeadersJson.read(row.getString("headers")),
                    row.getTimestamp("created_at").toInstant()));
  }

  private OutboxMessage appended(OrderPlaced event) {
    append(event);
    return message();
  }

  private int claims() {
    return database.count("SELECT count(*) FROM evenkeel.claim_check");
  }

  private void forget() {
    database.jdbc().execute("TRUNCATE evenkeel.claim_check");
  }

  @Test
  void largePayloadLiesInTheStoreAndTheMessageCarriesAClaim() {
    OutboxMessage message = appended(large("1"));

    assertThat(message.payload()).isEmpty();
    assertThat(message.headers()).containsKey(MessageHeaders.CLAIM_CHECK);
    assertThat(claims()).isOne();
    assertThat(CODEC.decode(store.load(claim(message)).orElseThrow(), OrderPlaced.class))
        .isEqualTo(large("1"));
  }

  private static String claim(OutboxMessage message) {
    return String.valueOf(message.headers().get(MessageHeaders.CLAIM_CHECK));
  }

  @Test
  void smallPayloadTravelsItself() {
    OutboxMessage message = appended(new OrderPlaced("1", 1));

    assertThat(CODEC.decode(message.payload(), OrderPlaced.class))
        .isEqualTo(new OrderPlaced("1", 1));
    assertThat(message.headers()).doesNotContainKey(MessageHeaders.CLAIM_CHECK);
    assertThat(claims()).isZero();
  }

  @Test
  void whatIsTooLargeForTheStoreOrForAMessageWithoutOneIsRefused() {
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> append(new OrderPlaced("x".repeat(1_990), 1)))
        .withMessageContaining("evenkeel.outbox.claim-check.max-payload allows 2000");
    TransactionalOutbox without = outbox(null);
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(
            () ->
                database.transactions().executeWithoutResult(status -> without.append(large("1"))))
        .withMessageContaining("evenkeel.outbox.max-payload allows 1000");
    assertThat(claims()).isZero();
  }

  @Test
  void rollbackLeavesNoClaim() {
    database
        .transactions()
        .executeWithoutResult(
            status -> {
              outbox.append(large("1"));
              status.setRollbackOnly();
            });

    assertThat(claims()).isZero();
    assertThat(database.outboxKeys()).isEmpty();
  }

  @Test
  void rollbackToASavepointLeavesNoClaim() {
    database
        .transactions()
        .executeWithoutResult(
            status -> {
              outbox.append(large("kept"));
              Object savepoint = status.createSavepoint();
              outbox.append(large("dropped"));
              status.rollbackToSavepoint(savepoint);
            });

    assertThat(claims()).isOne();
    assertThat(receive(message())).isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(bean.events).containsExactly(large("kept"));
  }

  @Test
  void messageThatIsRefusedAsADuplicateLeavesNothingInTheStore() {
    OutboxMessage message =
        OutboxMessage.of("order-placed", 1, "order", "1", CODEC.encode(large("1")));
    database
        .transactions()
        .executeWithoutResult(
            status -> {
              outbox.append(message);
              assertThatExceptionOfType(OutboxException.class)
                  .isThrownBy(() -> outbox.append(message));
            });

    assertThat(claims()).isOne();
  }

  @Test
  void handlerTakesTheWholeMessageAndSeesNoClaim() {
    OutboxMessage message = appended(large("1"));

    assertThat(receive(message)).isEqualTo(ReceiveOutcome.HANDLED);

    assertThat(bean.events).containsExactly(large("1"));
    assertThat(bean.messages.get(0).payload()).isEqualTo(CODEC.encode(large("1")));
    assertThat(bean.messages.get(0).headers()).doesNotContainKey(MessageHeaders.CLAIM_CHECK);
  }

  @Test
  void redeliveryRedeemsTheClaimAgain() {
    OutboxMessage message = appended(large("1"));
    bean.failure = new IllegalStateException("not now");
    assertThatIllegalStateException().isThrownBy(() -> receive(message));
    bean.failure = null;

    assertThat(receive(message)).isEqualTo(ReceiveOutcome.HANDLED);

    assertThat(bean.events).containsExactly(large("1"));
    assertThat(store.loads).isEqualTo(2);
  }

  @Test
  void claimIsRedeemedWhereTheEffectsAreInAnotherDatabase() {
    OutboxMessage message = appended(large("1"));
    try (CoreDatabase shard = new CoreDatabase()) {
      assertThat(receiver(shard).receive(handler, message, new Attempt(false)))
          .isEqualTo(ReceiveOutcome.HANDLED);
      assertThat(shard.count("SELECT count(*) FROM evenkeel.inbox")).isOne();
    }
    assertThat(bean.events).containsExactly(large("1"));
  }

  @Test
  void messageWhoseClaimIsMissingIsNotHandled() {
    OutboxMessage message = appended(large("1"));
    forget();

    assertThatExceptionOfType(ClaimMissingException.class)
        .isThrownBy(() -> receive(message))
        .withMessageContaining("home/")
        .matches(e -> FailureKind.of(e) == FailureKind.CLAIM_MISSING);
    assertThat(bean.events).isEmpty();
    assertThat(database.count("SELECT count(*) FROM evenkeel.inbox")).isZero();
  }

  @Test
  void handlerOfTheMessageAloneDoesNotGetItWithoutItsPayload() throws NoSuchMethodException {
    List<OutboxMessage> taken = new ArrayList<>();
    class Raw {
      @InboxHandler(consumer = "raw", types = "order-placed")
      void on(OutboxMessage message) {
        taken.add(message);
      }
    }
    var method = Raw.class.getDeclaredMethod("on", OutboxMessage.class);
    InboxHandlerMethod raw =
        InboxHandlers.builder(CoreDatabase.TYPES, CODEC)
            .add(new Raw(), method, method.getAnnotation(InboxHandler.class))
            .build()
            .find("raw", CoreDatabase.message("any"));
    assertThat(raw).isNotNull();
    OutboxMessage message = appended(large("1"));
    receiver(database).receive(raw, message, new Attempt(false));
    assertThat(taken.get(0).payload()).isEqualTo(CODEC.encode(large("1")));
    database.jdbc().execute("TRUNCATE evenkeel.inbox");
    forget();

    assertThatExceptionOfType(ClaimMissingException.class)
        .isThrownBy(() -> receiver(database).receive(raw, message, new Attempt(false)));
    assertThat(taken).hasSize(1);
  }

  @Test
  void messageThatWasParkedBeforeNeedsNoPayload() {
    OutboxMessage message = appended(large("1"));
    InboxHandlerMethod unkeyed = unkeyed();
    park(message);
    forget();

    assertThat(receiver(database).receive(unkeyed, message, new Attempt(false)))
        .isEqualTo(ReceiveOutcome.ALREADY_PARKED);
  }

  private InboxHandlerMethod unkeyed() {
    InboxHandlerMethod found =
        InboxHandlers.builder(CoreDatabase.TYPES, CODEC)
            .add("unkeyed", CONSUMER, OrderPlaced.class, "", "hash", bean.events::add)
            .build()
            .find(CONSUMER, CoreDatabase.message("any"));
    assertThat(found).isNotNull();
    return found;
  }

  @Test
  void messageThatWasHandledBeforeNeedsNoPayload() {
    OutboxMessage message = appended(large("1"));
    InboxReceiver receiver = receiver(database);
    receiver.receive(unkeyed(), message, new Attempt(false));
    forget();

    assertThat(receiver.receive(unkeyed(), message, new Attempt(false)))
        .isEqualTo(ReceiveOutcome.DUPLICATE);
  }

  private ParkOutcome park(OutboxMessage message) {
    return parked.park(
        Fence.relay(0), CONSUMER, message, ParkReason.HANDLER_FAILED, "x", Duration.ZERO);
  }

  private OutboxMessage found(OutboxMessage message) {
    return parked.find(CONSUMER, message.id()).orElseThrow().message();
  }

  @Test
  void parkedMessageHoldsItsPayloadAndOutlivesTheClaim() {
    OutboxMessage head = appended(large("1"));
    OutboxMessage behind =
        new OutboxMessage(
            UUID.randomUUID(),
            head.aggregateType(),
            head.aggregateId(),
            head.type(),
            1,
            head.payload(),
            head.headers(),
            head.createdAt());
    assertThat(park(head)).isEqualTo(ParkOutcome.PARKED);
    assertThat(parked.queueBehind(Fence.relay(0), CONSUMER, behind)).isEqualTo(ParkOutcome.PARKED);
    forget();

    for (OutboxMessage message : List.of(found(head), found(behind))) {
      assertThat(message.payload()).isEqualTo(CODEC.encode(large("1")));
      assertThat(message.headers()).doesNotContainKey(MessageHeaders.CLAIM_CHECK);
    }
    assertThat(receiver(database).receive(handler, found(head), new Attempt(true)))
        .isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(bean.events).containsExactly(large("1"));
  }

  @Test
  void messageThatWaitsForABrokerKeepsItsClaim() {
    OutboxMessage message = appended(large("1"));
    store.away = true;

    parked.park(
        Fence.transport(0), "broker", message, ParkReason.OUTAGE, "no topic", Duration.ZERO);

    assertThat(parked.find("broker", message.id()).orElseThrow().message().headers())
        .isEqualTo(message.headers());
  }

  @Test
  void nothingIsParkedWhileTheStoreIsAway() {
    OutboxMessage message = appended(large("1"));
    park(CoreDatabase.message(message.aggregateId()));
    store.away = true;

    assertThatIllegalStateException().isThrownBy(() -> park(message));
    assertThatIllegalStateException()
        .isThrownBy(() -> parked.queueBehind(Fence.relay(0), CONSUMER, message));
    assertThat(parked.find(CONSUMER, message.id())).isEmpty();

    store.away = false;
    assertThat(park(message)).isEqualTo(ParkOutcome.PARKED);
    assertThat(found(message).payload()).isEqualTo(CODEC.encode(large("1")));
  }

  @Test
  void messageWhoseClaimIsMissingIsParkedAsItCame() {
    OutboxMessage message = appended(large("1"));
    forget();

    assertThat(park(message)).isEqualTo(ParkOutcome.PARKED);
    assertThat(found(message).headers()).isEqualTo(message.headers());
    assertThat(found(message).payload()).isEmpty();
  }

  @Test
  void claimsOfOtherStoresAndInstallationsAreMissing() {
    assertThat(store.load("s3://bucket/key")).isEmpty();
    assertThat(store.load("")).isEmpty();
    assertThat(store.load("elsewhere/3/" + UUID.randomUUID())).isEmpty();
    assertThat(store.load("home/3/" + UUID.randomUUID())).isEmpty();
    assertThat(store.load("home/3/" + "-".repeat(36))).isEmpty();
  }

  @Test
  void messagePassedOnGetsAClaimOfItsOwnOrNone() {
    OutboxMessage received = appended(large("1"));
    database.jdbc().execute("TRUNCATE evenkeel.outbox");
    append(
        OutboxMessage.of("order-placed", 1, "order", "2", CODEC.encode(new OrderPlaced("2", 2)))
            .withHeaders(Map.of(MessageHeaders.CLAIM_CHECK, claim(received))));

    assertThat(message().headers()).doesNotContainKey(MessageHeaders.CLAIM_CHECK);
    assertThat(receive(message())).isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(bean.events).containsExactly(new OrderPlaced("2", 2));
  }

  @Test
  void bucketIsThePresentOneOfTheInboxRing() {
    append(large("1"));

    assertThat(
            database.count(
                "SELECT count(*) FROM evenkeel.claim_check"
                    + " WHERE bucket = floor(extract(epoch FROM stored_at) / 86400)::bigint % 16"))
        .isOne();
  }
}
