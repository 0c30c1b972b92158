package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the replication slot in place before a stream starts, and decides whether something may be
 * missing from it.
 *
 * <p>The witness was committed before each confirmation, so a replication slot that is ours is
 * never beyond it. One that is beyond, is gone, has lost its WAL or belongs to another cluster
 * means that messages may be in the ring which no stream will bring: a gap. {@code reconciling} is
 * committed before anything else is done about it, with H, the old published snapshot, left as it
 * was.
 */
final class SlotKeeper {

  private static final Logger log = LoggerFactory.getLogger(SlotKeeper.class);

  /** How long old transactions may hold up a start before the term is given back. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final long LOOK_MILLIS = 50;

  private final String schema;
  private final Term term;
  private final Consumer<String> waiting;
  private final BooleanSupplier stopping;

  /**
   * Makes the keeper of one term.
   *
   * @param waiting told, as a sentence, what holds the start up
   * @param stopping whether to give up
   */
  SlotKeeper(String schema, Term term, Consumer<String> waiting, BooleanSupplier stopping) {
    this.schema = schema;
    this.term = term;
    this.waiting = waiting;
    this.stopping = stopping;
  }

  /**
   * Looks, commits the verdict, and makes the replication slot where it is missing.
   *
   * @param alarm told of a gap before anything is done about it: a process that dies in between
   *     must not have repaired in silence
   * @return whether the ring must be sent again
   */
  boolean secure(Consumer<String> alarm) throws SQLException, InterruptedException {
    try (Connection c = term.open("slot")) {
      RelayRow row = term.row();
      ReplicationSlot slot = ReplicationSlot.find(c, schema);
      String system = ReplicationSlot.systemIdentifier(c);
      String gap = gap(row, slot, system);
      if (gap == null && !row.reconciling()) {
        return false;
      }
      if (gap != null && row.witness() != null) { // on a first start it is none
        alarm.accept(gap);
      }
      boolean otherCluster =
          row.systemIdentifier() != null && !system.equals(row.systemIdentifier());
      term.startReconciling(
          otherCluster); // before the first confirmation on a new replication slot
      if (slot != null && slot.lost()) {
        ReplicationSlot.drop(c, schema);
        slot = null;
      }
      boolean created = slot == null;
      if (created) {
        create();
        slot = ReplicationSlot.find(c, schema);
      }
      LogSequenceNumber confirmed = slot == null ? null : slot.confirmed();
      if (confirmed == null) {
        throw new SQLException("the replication slot is still being made, or was dropped again");
      }
      term.setPosition(confirmed, system, created || gap != null);
      awaitOlderTransactions(c);
      return true;
    }
  }

  /**
   * Whether the replication slot that a stream now reads from is still the one that was secured:
   * asked before the first dispatch, because Debezium makes a missing one again by itself.
   */
  @Nullable String gap(Connection c) throws SQLException {
    return gap(term.row(), ReplicationSlot.find(c, schema), ReplicationSlot.systemIdentifier(c));
  }

  private static @Nullable String gap(
      RelayRow row, @Nullable ReplicationSlot slot, String systemIdentifier) {
    if (row.witness() == null) {
      return "there is no witness yet";
    }
    if (!systemIdentifier.equals(row.systemIdentifier())) {
      return "the database belongs to another cluster (system identifier %s, was %s)"
          .formatted(systemIdentifier, row.systemIdentifier());
    }
    if (slot == null) {
      return "the replication slot is gone";
    }
    if (slot.lost()) {
      return "the replication slot has lost its WAL";
    }
    if (slot.beyond(row.witness())) {
      return "the replication slot stands at %s, beyond the last confirmed %s: it was dropped and made again"
          .formatted(slot.confirmed(), row.witness());
    }
    return null;
  }

  /**
   * Making it waits for every running transaction; meanwhile the lease is kept and they are named.
   */
  private void create() throws SQLException, InterruptedException {
    try (Connection maker = term.openPatient("slot-maker");
        Connection observer = term.open("slot-observer")) {
      CompletableFuture<Void> made = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                try {
                  ReplicationSlot.create(maker, schema);
                  made.complete(null);
                } catch (SQLException e) {
                  made.completeExceptionally(e);
                }
              },
              "evenkeel-slot-maker");
      thread.setDaemon(true);
      thread.start();
      try {
        awaitNaming("making the replication slot", observer, () -> isDone(made));
        made.join();
      } catch (CompletionException e) {
        throw new SQLException("the replication slot can't be made: " + e.getMessage(), e);
      } finally {
        if (!made.isDone()) {
          maker.abort(Runnable::run);
        }
      }
    }
  }

  private static boolean isDone(CompletableFuture<Void> future) throws InterruptedException {
    try {
      future.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      return true; // the caller joins and learns why
    }
  }

  /**
   * Draws X and waits until every transaction up to X has ended: then each row whose commit the
   * replication slot does not show is visible in the table. X is drawn when the replication slot is
   * in place, so that whatever is newer is in the stream.
   */
  private void awaitOlderTransactions(Connection c) throws SQLException, InterruptedException {
    long x = number(c, "SELECT pg_current_xact_id()::text::bigint"); // auto-commit: ended at once
    awaitNaming(
        "waiting for older transactions",
        c,
        () -> {
          if (number(c, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") > x) {
            return true;
          }
          TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
          return false;
        });
  }

  private interface Condition {
    boolean holds() throws SQLException, InterruptedException;
  }

  private void awaitNaming(String what, Connection observer, Condition condition)
      throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    String said = "";
    while (!condition.holds()) {
      if (stopping.getAsBoolean()) {
        throw new InterruptedException("stopped while " + what);
      }
      if (System.nanoTime() - deadline > 0) {
        throw new SQLException(what + " took longer than " + PATIENCE + ": " + said);
      }
      term.renew();
      String oldest = RelayConnections.oldestTransactions(observer);
      String now = oldest == null ? said : what + " is held up by " + oldest;
      if (!now.equals(said)) {
        said = now;
        waiting.accept(now);
        log.info("The relay's start: {}", now);
      }
    }
  }

  private static long number(Connection c, String sql) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }
}
