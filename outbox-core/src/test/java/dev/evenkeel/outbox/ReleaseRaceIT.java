package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.CoreDatabase.OrderPlaced;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** A release goes by what it read; operators and other owners may have decided since. */
class ReleaseRaceIT {

  private static final String CONSUMER = "summary";
  private static final Fence FENCE = Fence.relay(0);
  private static final ParkedStore.Key KEY =
      new ParkedStore.Key(Fence.RELAY, CONSUMER, new OrderKey("order", "1"));

  private static CoreDatabase database;

  private final ParkedStore store =
      new ParkedStore(
          database.dataSource(), CoreDatabase.SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM);
  private volatile Runnable then = () -> {};
  private final InboxHandlers handlers =
      InboxHandlers.builder(CoreDatabase.TYPES, CoreDatabase.CODEC)
          .add(
              "test",
              CONSUMER,
              OrderPlaced.class,
              "",
              "hash",
              event -> {
                database.jdbc().update("INSERT INTO business (id) VALUES ('x' || random())");
                then.run();
              })
          .build();

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

  private record Release(ParkedMessage parked) implements InboxReceiver.Attempt {

    @Override
    public Fence fence() {
      return FENCE;
    }

    @Override
    public boolean release() {
      return true;
    }

    @Override
    public int revision() {
      return parked.revision();
    }

    @Override
    public void began(TransactionTarget target, int backendPid, String startedAt) {}
  }

  /** Elsewhere means that the parked tables are looked at beforehand, in their own database. */
  private ReceiveOutcome release(ParkedMessage parked, boolean elsewhere) {
    DataSource effects =
        elsewhere ? new DelegatingDataSource(database.dataSource()) : database.dataSource();
    TransactionTarget target =
        new TransactionTarget("effects", effects, new DataSourceTransactionManager(effects));
    InboxReceiver receiver =
        new InboxReceiver(
            InboxOptions.defaults(),
            database.dataSource(),
            (consumer, message, shardKey) -> target,
            MessageObserver.NONE,
            TimeSource.SYSTEM);
    InboxHandlerMethod handler = handlers.find(CONSUMER, parked.message());
    assertThat(handler).isNotNull();
    return receiver.receive(handler, parked.message(), new Release(parked));
  }

  private ParkedMessage parked() {
    store.park(FENCE, CONSUMER, message("1"), ParkReason.HANDLER_FAILED, "x", Duration.ZERO);
    return store.head(KEY).orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void releaseOfWhatWasReadBeforeAnEditIsRefused(boolean elsewhere) {
    ParkedMessage stale = parked();
    store.failed(FENCE, stale, 20, "never", null);
    byte[] edited = CoreDatabase.CODEC.encode(new OrderPlaced("1", 2));
    store.edit(
        CONSUMER, stale.message().id(), DeadLetterEdit.ofPayload(0, edited), "editor", "wrong");
    store.retry(CONSUMER, stale.message().id(), "operator");

    assertThat(release(stale, elsewhere)).isEqualTo(ReceiveOutcome.ALREADY_PARKED);
    assertThat(database.businessRows()).isZero();
    assertThat(release(store.head(KEY).orElseThrow(), elsewhere)).isEqualTo(ReceiveOutcome.HANDLED);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void releaseOfWhatHasDiedOrWasDiscardedIsRefused(boolean elsewhere) {
    ParkedMessage stale = parked();
    store.failed(FENCE, stale, 20, "never", null);
    assertThat(release(stale, elsewhere))
        .as("what an operator is to decide about takes no effect")
        .isEqualTo(ReceiveOutcome.ALREADY_PARKED);

    store.discard(CONSUMER, stale.message().id(), "operator", "obsolete");
    assertThat(release(stale, elsewhere)).isEqualTo(ReceiveOutcome.ALREADY_PARKED);
    assertThat(database.businessRows()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatFollowsTheHeadMayBeReleasedBeforeTheHeadEnds(boolean elsewhere) {
    parked();
    store.queueBehind(FENCE, CONSUMER, message("1"));
    List<ParkedMessage> heads = store.heads(KEY, 10, 1 << 20);

    for (ParkedMessage next : heads) {
      assertThat(release(next, elsewhere)).isEqualTo(ReceiveOutcome.HANDLED);
      assertThat(release(next, elsewhere)).isEqualTo(ReceiveOutcome.DUPLICATE);
    }
    assertThat(store.handled(FENCE, heads)).isTrue();
    assertThat(store.counts().keys()).isZero();
    assertThat(database.businessRows()).isEqualTo(2);
  }

  /** Otherwise an operator could edit or discard what is having its effects this very moment. */
  @Test
  void nobodyBuriesAMessageWhileItIsBeingReleased() throws Exception {
    ParkedMessage head = parked();
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    then =
        () -> {
          entered.countDown();
          try {
            leave.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        };
    CompletableFuture<ReceiveOutcome> releasing =
        CompletableFuture.supplyAsync(() -> release(head, false));
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();

    CompletableFuture<Boolean> burying =
        CompletableFuture.supplyAsync(() -> store.failed(FENCE, head, 20, "never", null));
    await()
        .until(
            () ->
                burying.isDone()
                    || database.count(
                            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND wait_event_type = 'Lock'")
                        == 1);
    assertThat(burying).isNotDone();
    leave.countDown();

    assertThat(releasing.get(60, TimeUnit.SECONDS)).isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(burying.get(60, TimeUnit.SECONDS)).isTrue();
    // So an operator finds it dead, and a retry finds that it was handled.
    store.retry(CONSUMER, head.message().id(), "operator");
    assertThat(release(head, false)).isEqualTo(ReceiveOutcome.DUPLICATE);
    assertThat(database.businessRows()).isEqualTo(1);
  }
}
