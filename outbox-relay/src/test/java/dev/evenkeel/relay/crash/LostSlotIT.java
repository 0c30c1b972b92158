package dev.evenkeel.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;

/** The replication slot is lost in every way we know of; the ring repairs what the stream lacks. */
@Tag("postgres-matrix")
class LostSlotIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration BACKLOG = Duration.ofMinutes(1);

  private static final String SLOT =
      "(SELECT slot_name FROM pg_replication_slots WHERE database = current_database())";

  @Test
  void droppedSlotIsAlarmedAndRepaired() throws InterruptedException {
    try (Trial trial = Trial.create();
        Application node = trial.instance("node")) {
      Writers writers = underWay(trial, node);
      trial.fault("drop of the replication slot");
      dropSlot(trial);

      repaired(trial, node, writers);
    }
  }

  @Test
  void slotThatAStrangerDroppedAndMadeAgainIsAlarmedAndRepaired()
      throws InterruptedException, SQLException {
    try (Trial trial = Trial.create();
        Application node = trial.instance("node")) {
      Writers writers = underWay(trial, node);
      trial.fault("replacement of the replication slot");
      String name = String.valueOf(trial.sql().queryForObject("SELECT " + SLOT, String.class));
      dropSlot(trial);
      // Faster than the relay, which waits a moment after a failed term.
      trial.write("in-the-gap");
      try (Connection c = trial.observer().dataSource().getConnection();
          Statement statement = c.createStatement()) {
        statement.execute(
            "SELECT pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(name));
      }

      repaired(trial, node, writers);
    }
  }

  @Test
  void killedReconciliationGoesOn() throws InterruptedException {
    try (Trial trial = Trial.create()) {
      ChildProcess first = trial.start("first", Role.RELAY, Role.WRITER, Role.HUGE_TRANSACTION);
      trial.awaitAttempts(300);
      trial.kill(first);
      dropSlot(trial);
      Writers writers = trial.startWriters();

      List<Boolean> wasReconciling = new ArrayList<>();
      for (int n = 0; n < 2; n++) {
        ChildProcess node = trial.start("reconciler-" + n, Role.RELAY);
        trial.awaitSent(node, 1 + trial.random().nextInt(1_500));
        trial.kill(node);
        wasReconciling.add(trial.reconciling());
      }
      trial.start("last", Role.RELAY);
      writers.stop();

      trial.judge(BACKLOG).sound().counting();
      assertThat(wasReconciling).containsOnly(true);
      trial.awaitReconciled();
    }
  }

  @Test
  void transactionsOpenWhileTheSlotIsMadeAreDelivered() throws InterruptedException {
    try (Trial trial = Trial.create();
        Application node = trial.instance("node")) {
      Writers writers = underWay(trial, node);
      OpenTransaction before = OpenTransaction.begin(trial, "open-before");
      dropSlot(trial);
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  trial.number(
                          "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
                              + " AND confirmed_flush_lsn IS NULL")
                      == 1);
      OpenTransaction within = OpenTransaction.begin(trial, "open-within");
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(node.relay().status().findings())
                      .singleElement()
                      .asString()
                      .contains("is held up by pid"));
      before.commit();
      within.commit();

      repaired(trial, node, writers);
    }
  }

  /** A transaction that has changed state and appended, and waits. */
  private record OpenTransaction(Thread thread, CountDownLatch release) {

    static OpenTransaction begin(Trial trial, String key) throws InterruptedException {
      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch release = new CountDownLatch(1);
      Application observer = trial.observer();
      Thread thread =
          new Thread(
              () ->
                  observer
                      .transactions()
                      .executeWithoutResult(
                          status -> {
                            long version = observer.tables().advance(WritePath.OUTBOX, key, 1);
                            observer.outbox().append(new Counted(key, version));
                            begun.countDown();
                            awaitQuietly(release);
                          }),
              key);
      thread.start();
      begun.await();
      return new OpenTransaction(thread, release);
    }

    private static void awaitQuietly(CountDownLatch latch) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    void commit() throws InterruptedException {
      release.countDown();
      thread.join();
    }
  }

  /** Starts the relay and a load, and waits until the first start's own reconciliation is over. */
  private static Writers underWay(Trial trial, Application node) {
    node.startRelay();
    Writers writers = trial.startWriters();
    trial.awaitAttempts(200);
    trial.awaitReconciled();
    assertThat(node.relay().status().gaps()).isZero();
    return writers;
  }

  private static void repaired(Trial trial, Application node, Writers writers)
      throws InterruptedException {
    trial.awaitAttempts(300);
    writers.stop();

    trial.judge(BACKLOG).sound();
    assertThat(node.relay().status().gaps()).as("alarms").isPositive();
    trial.awaitReconciled();
  }

  /** Ends the walsender and is faster than the next one. */
  private static void dropSlot(Trial trial) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(1))
        .ignoreExceptionsInstanceOf(DataAccessException.class)
        .until(
            () -> {
              trial
                  .sql()
                  .execute(
                      "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots"
                          + " WHERE database = current_database() AND active_pid IS NOT NULL");
              trial.sql().execute("SELECT pg_drop_replication_slot(" + SLOT + ")");
              return true;
            });
  }
}
