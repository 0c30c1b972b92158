package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.ParkedStore.ParkOutcome;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The two interleavings for which a parked key has a row to lock, one statement at a time. */
class ParkedKeyLockIT {

  private static final Fence FENCE = Fence.relay(0);
  private static final String CONSUMER = "summary";
  private static final ParkedStore.Key KEY =
      new ParkedStore.Key(Fence.RELAY, CONSUMER, new OrderKey("order", "1"));

  private final CoreDatabase database = new CoreDatabase();
  private final ParkedStore store =
      new ParkedStore(
          database.dataSource(), CoreDatabase.SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM);
  private final OutboxMessage first = message("1");
  private final OutboxMessage second = message("1");

  @BeforeEach
  void park() {
    store.park(FENCE, CONSUMER, first, ParkReason.HANDLER_FAILED, "x", Duration.ZERO);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  /** Without the lock it would queue behind a key that nobody releases any more: lost. */
  @Test
  void whoQueuesBehindWaitsForTheReleaseOfTheLastMessage() throws Exception {
    try (Connection releaser = database.dataSource().getConnection();
        Statement statement = releaser.createStatement()) {
      releaser.setAutoCommit(false);
      statement.execute(
          "UPDATE evenkeel.parked_message SET state = 'HANDLED', ended_at = clock_timestamp()");
      statement.execute("DELETE FROM evenkeel.parked_key");

      CompletableFuture<ParkOutcome> queueing =
          blocked(() -> store.queueBehind(FENCE, CONSUMER, second));
      releaser.commit();

      assertThat(queueing.get(60, TimeUnit.SECONDS)).isEqualTo(ParkOutcome.KEY_FREE);
    }
    assertThat(store.find(CONSUMER, second.id())).isEmpty();
  }

  /** Without the lock it would free the key while a message is being queued behind it: lost. */
  @Test
  void whoReleasesTheLastMessageWaitsForOneThatQueuesBehind() throws Exception {
    ParkedMessage head = store.head(KEY).orElseThrow();
    try (Connection lane = database.dataSource().getConnection();
        Statement statement = lane.createStatement()) {
      lane.setAutoCommit(false);
      statement.execute("SELECT FROM evenkeel.parked_key FOR UPDATE");
      CompletableFuture<Boolean> releasing = blocked(() -> store.handled(FENCE, head));
      queueSecond(lane);
      lane.commit();

      assertThat(releasing.get(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(store.due(List.of(Fence.RELAY), 10)).containsExactly(KEY);
    assertThat(store.head(KEY).orElseThrow().message()).isEqualTo(second);
  }

  private void queueSecond(Connection lane) throws SQLException {
    new ParkedTable(CoreDatabase.SCHEMA)
        .insertMessage(
            lane,
            Fence.RELAY,
            new ParkedMessage(
                CONSUMER,
                second,
                ParkedState.QUEUED,
                ParkReason.BEHIND,
                null,
                0,
                second.createdAt(),
                false,
                0),
            Duration.ZERO);
  }

  /** Starts the work and returns once it waits for a lock; that it does not wait is an error. */
  private <T> CompletableFuture<T> blocked(Supplier<T> work) {
    CompletableFuture<T> running = CompletableFuture.supplyAsync(work);
    await()
        .until(
            () ->
                running.isDone()
                    || database.count(
                            "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                                + " current_database() AND wait_event_type = 'Lock'")
                        == 1);
    assertThat(running).isNotDone();
    return running;
  }
}
