package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
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

  private final String schema;
  private final Term term;
  private final LongWait longWait;
  private String done = "kept the replication slot as it stands";

  /** Makes the keeper of one term. */
  SlotKeeper(String schema, Term term, LongWait longWait) {
    this.schema = schema;
    this.term = term;
    this.longWait = longWait;
  }

  /**
   * Looks, commits the verdict, and makes the replication slot where it is missing.
   *
   * @param alarm told of a gap before anything is done about it: a process that dies in between
   *     must not have repaired in silence
   * @return whether the ring must be sent again
   * @throws UnfitException when no replication slot can be made now: the gap is written down, and
   *     the next term tries again
   */
  boolean secure(Consumer<String> alarm) throws SQLException, InterruptedException {
    try (Connection c = term.open("slot")) {
      ReplicationSlot slot = ReplicationSlot.find(c, schema); // before the row, as in gap(c)
      RelayRow row = term.row();
      String system = ReplicationSlot.systemIdentifier(c);
      String gap = gap(row, slot, system, ReplicationSlot.timeline(c));
      if (gap == null && !row.reconciling()) {
        settlePromotion(c, row);
        return false;
      }
      String told = null;
      if (gap != null && row.witness() != null) { // on a first start it is none
        told = TableLess.withLoss(gap, c, schema);
        alarm.accept(told);
      } else if (slot == null || slot.lost()) {
        // The ring makes good for what a relay of another kind left behind; the WAL has no ring.
        String missing =
            slot == null ? "the replication slot is gone" : "the replication slot has lost its WAL";
        String loss = TableLess.withLoss(missing, c, schema);
        if (!loss.equals(missing)) {
          alarm.accept(loss);
        }
      }
      // Before the first confirmation on a new replication slot.
      if (system.equals(row.systemIdentifier())) {
        term.startReconciling();
      } else {
        term.settleIn(longWait, system);
      }
      // After a switch the replication slot is somebody else's, or may stand where a stream stood
      // long ago: what H does not see is sent from the ring, and the rest begins here and now.
      // Unless there are messages without rows: they are nowhere else, and while there are any, no
      // relay of another kind begins.
      boolean leftOver =
          row.witness() == null && row.published() != null && !TableLess.used(c, schema);
      if (slot != null && (slot.lost() || leftOver)) {
        ReplicationSlot.drop(c, schema);
        slot = null;
      }
      boolean created = slot == null;
      if (created) {
        RelayFinding exhausted = SlotDoctor.noFreeSlot(c);
        if (exhausted != null) {
          throw new UnfitException(List.of(exhausted));
        }
        // It waits for every running transaction.
        longWait.run("making the replication slot", maker -> ReplicationSlot.create(maker, schema));
        slot = ReplicationSlot.find(c, schema);
        done = "made the replication slot anew";
      }
      LogSequenceNumber confirmed = slot == null ? null : slot.confirmed();
      if (confirmed == null) {
        throw new SQLException("the replication slot is still being made, or was dropped again");
      }
      term.setPosition(confirmed, created || gap != null);
      awaitOlderTransactions(c);
      if (gap != null && gap.equals(told)) {
        // A transaction that was open at the first look may have been the first to write messages
        // to the WAL alone, and have committed before the new replication slot stood.
        told = TableLess.withLoss(gap, c, schema);
        if (!told.equals(gap)) {
          alarm.accept(told);
        }
      }
      return true;
    }
  }

  /** What was done about the replication slot, as a sentence begins. */
  String done() {
    return done;
  }

  /**
   * A promoted standby has only what was replicated, the witness included: so a replication slot
   * that is not beyond it brings everything that the promoted one has and nobody confirmed there.
   */
  private void settlePromotion(Connection c, RelayRow row) throws SQLException {
    long timeline = ReplicationSlot.timeline(c);
    if (row.timeline() != 0 && row.timeline() != timeline) {
      log.warn(
          "{}: the replication slot came along, and nothing is missing", promoted(row, timeline));
      term.settlePromotion(
          promoted(row, timeline), "nothing was missing: the replication slot came along");
    }
  }

  private static String promoted(RelayRow row, long timeline) {
    return "the primary failed over or was restored (timeline %d, was %d)"
        .formatted(timeline, row.timeline());
  }

  /**
   * Whether the replication slot that a stream now reads from is still the one that was secured:
   * asked before the first dispatch, because Debezium makes a missing one again by itself.
   */
  @Nullable String gap(Connection c) throws SQLException {
    // The replication slot first: the witness only grows, and is committed before a confirmation.
    ReplicationSlot slot = ReplicationSlot.find(c, schema);
    RelayRow row = term.row();
    return gap(row, slot, ReplicationSlot.systemIdentifier(c), ReplicationSlot.timeline(c));
  }

  /** What is wrong with the replication slot that the row speaks of; null: nothing. */
  static @Nullable String gap(
      RelayRow row, @Nullable ReplicationSlot slot, String systemIdentifier, long timeline) {
    if (row.witness() == null) {
      return "there is no witness yet";
    }
    if (!systemIdentifier.equals(row.systemIdentifier())) {
      return otherCluster(systemIdentifier, row.systemIdentifier());
    }
    String since =
        row.timeline() == 0 || row.timeline() == timeline ? "" : ": " + promoted(row, timeline);
    if (slot == null) {
      return "the replication slot is gone" + since;
    }
    if (slot.lost()) {
      String reason = slot.invalidation();
      return reason == null || reason.equals("wal_removed")
          ? "the replication slot has lost its WAL" + since
          : "the replication slot was invalidated (%s)%s".formatted(reason, since);
    }
    if (slot.beyond(row.witness())) {
      return "the replication slot stands at %s, beyond the last confirmed %s: it was dropped and made again, or advanced by somebody else%s"
          .formatted(slot.confirmed(), row.witness(), since);
    }
    return null;
  }

  /** What happened when the server is not the one that the relay knew. */
  static String otherCluster(String now, @Nullable String before) {
    return "the database belongs to another cluster (system identifier %s, was %s)"
        .formatted(now, before);
  }

  /**
   * Draws X and waits until every transaction up to X has ended: then each row whose commit the
   * replication slot does not show is visible in the table. X is drawn when the replication slot is
   * in place, so that whatever is newer is in the stream.
   */
  void awaitOlderTransactions(Connection c) throws SQLException, InterruptedException {
    long x = number(c, "SELECT pg_current_xact_id()::text::bigint"); // auto-commit: ended at once
    longWait.until(
        "waiting for older transactions",
        c,
        () -> number(c, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") > x);
  }

  private static long number(Connection c, String sql) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }
}
