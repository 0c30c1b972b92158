package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/**
 * The replication slot as a leader sees it that shares it with Kafka Connect, and what one look
 * says of the next: whether it is still the same replication slot, read by nobody but Connect.
 *
 * <p>PostgreSQL gives a replication slot no identity. But one that somebody streams from can't be
 * dropped, so the same walsender proves the same replication slot. And the server counts what was
 * decoded from it; that count begins anew with a new one.
 *
 * @param walsender {@code pid@start} of the process that streams from it; empty: none does
 * @param confirmed position that was confirmed; null while the replication slot is being made
 * @param decoded transactions decoded from it since it was made; 0: none yet, or not known
 * @param lost whether the server has thrown away WAL that it still needs
 */
record SeenSlot(
    String walsender, @Nullable LogSequenceNumber confirmed, long decoded, boolean lost) {

  /**
   * What a look finds, or null when there is no replication slot. Who is on it and no walsender
   * streams nothing: he advances it by a function.
   */
  static @Nullable SeenSlot look(Connection c, String schema) throws SQLException {
    String sql =
        """
        SELECT coalesce(r.pid || '@' || coalesce(extract(epoch FROM r.backend_start)::text, ''), ''),
               s.confirmed_flush_lsn::text, coalesce(t.total_txns, 0), coalesce(s.wal_status = 'lost', false)
          FROM pg_replication_slots s
          LEFT JOIN pg_stat_replication_slots t ON t.slot_name = s.slot_name
          LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
         WHERE s.slot_name = ?
        """;
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, ReplicationSlot.nameFor(c, schema));
      try (ResultSet row = statement.executeQuery()) {
        return row.next()
            ? new SeenSlot(
                row.getString(1), position(row.getString(2)), row.getLong(3), row.getBoolean(4))
            : null;
      }
    }
  }

  /** What the last leader noted; null when none did. How much was decoded is not noted. */
  static @Nullable SeenSlot noted(Connection c, String schema) throws SQLException {
    String sql =
        "SELECT seen_walsender, seen_confirmed::text FROM %s.relay_state".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      String walsender = row.getString(1);
      return walsender == null
          ? null
          : new SeenSlot(walsender, position(row.getString(2)), 0, false);
    }
  }

  private static @Nullable LogSequenceNumber position(@Nullable String text) {
    return text == null ? null : LogSequenceNumber.valueOf(text);
  }

  /** False: another term began. */
  boolean store(Connection c, String schema, long epoch, String node) throws SQLException {
    String sql =
        """
        UPDATE %s.relay_state SET seen_walsender = ?, seen_confirmed = ?::pg_lsn
         WHERE epoch = ? AND leader = ?
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, walsender);
      statement.setString(2, confirmed == null ? null : confirmed.asString());
      statement.setLong(3, epoch);
      statement.setString(4, node);
      return statement.executeUpdate() == 1;
    }
  }

  /** A role may see the process and not when it began: then the process decides. */
  private boolean sameWalsender(SeenSlot other) {
    boolean both = !walsender.endsWith("@") && !other.walsender.endsWith("@");
    return both ? walsender.equals(other.walsender) : pid(walsender).equals(pid(other.walsender));
  }

  private static String pid(String walsender) {
    return walsender.substring(0, walsender.indexOf('@') + 1);
  }

  /** Whether somebody streams from it. */
  boolean streamed() {
    return !walsender.isEmpty();
  }

  /**
   * Why messages may be missing from what this replication slot brings, judged by an earlier look;
   * null when it is the one that was seen, and Connect alone has moved it.
   *
   * @param before the earlier look; null: there was none
   * @param witness no stream had confirmed anything beyond it at the earlier look
   */
  static @Nullable String gap(
      @Nullable SeenSlot now, @Nullable SeenSlot before, @Nullable LogSequenceNumber witness) {
    if (now == null) {
      return "the replication slot is gone";
    }
    if (now.lost) {
      return "the replication slot has lost its WAL";
    }
    if (before == null || witness == null || now.confirmed == null) {
      return "it is not known where the replication slot stood";
    }
    if (now.decoded < before.decoded) {
      return "the replication slot was dropped and made again: it has decoded %d transactions, and %d were seen before"
          .formatted(now.decoded, before.decoded);
    }
    if (before.streamed() && now.sameWalsender(before)) {
      return null;
    }
    if (!before.streamed() && !now.streamed() && !now.confirmed.equals(before.confirmed)) {
      return "the replication slot was advanced from %s to %s while Kafka Connect did not stream"
          .formatted(before.confirmed, now.confirmed);
    }
    if (before.decoded > 0) {
      return null; // counted on: the same one
    }
    if (now.confirmed.compareTo(witness) > 0) {
      return "the replication slot stands at %s, beyond %s where it was seen last: it may have been dropped and made again"
          .formatted(now.confirmed, witness);
    }
    if (!before.streamed() && !now.confirmed.equals(before.confirmed)) {
      return "the replication slot was moved from %s to %s while nobody watched"
          .formatted(before.confirmed, now.confirmed);
    }
    return null;
  }
}
