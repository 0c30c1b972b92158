package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;

/** Statements on {@code relay_gap}: what was missing from a stream, and what was done about it. */
final class RelayGapTable {

  /** Longer than anybody asks what happened last month. */
  private static final String KEPT = "30 days";

  private static final int KEPT_ROWS = 1_000;

  private final String record;
  private final String close;
  private final String note;
  private final String last;
  private final String prune;

  RelayGapTable(String schema) {
    // The same gap, found again because its repair failed or its finder died, is one gap: also
    // where
    // the repair has gone so far that it looks like another one. A sentence that says more of it
    // takes the place of the shorter one.
    record =
        """
        WITH known AS (
          SELECT id, gap FROM %1$s.relay_gap
           WHERE repaired_at IS NULL AND (gap = ? OR (SELECT reconciling FROM %1$s.relay_state))
           ORDER BY id DESC LIMIT 1
        ), said_better AS (
          UPDATE %1$s.relay_gap g SET gap = ? FROM known WHERE g.id = known.id AND starts_with(?, known.gap)
        ), found AS (
          INSERT INTO %1$s.relay_gap (epoch, node, gap)
          SELECT epoch, leader, ? FROM %1$s.relay_state
           WHERE epoch = ? AND leader = ? AND NOT EXISTS (SELECT FROM known)
          RETURNING id
        )
        SELECT id FROM known UNION ALL SELECT id FROM found
        """
            .formatted(schema);
    close =
        """
        UPDATE %s.relay_gap SET repaired_at = clock_timestamp(), repair = ? WHERE repaired_at IS NULL
        """
            .formatted(schema);
    note =
        """
        INSERT INTO %1$s.relay_gap (epoch, node, gap, repaired_at, repair)
        SELECT epoch, leader, ?, clock_timestamp(), ? FROM %1$s.relay_state WHERE epoch = ? AND leader = ?
        """
            .formatted(schema);
    last =
        """
        SELECT recognised_at, node, gap, repaired_at, repair FROM %s.relay_gap ORDER BY id DESC LIMIT ?
        """
            .formatted(schema);
    prune =
        """
        DELETE FROM %1$s.relay_gap
         WHERE recognised_at < clock_timestamp() - interval '%2$s'
            OR id <= (SELECT id FROM %1$s.relay_gap ORDER BY id DESC OFFSET %3$d LIMIT 1)
        """
            .formatted(schema, KEPT, KEPT_ROWS);
  }

  /**
   * Writes down a gap before anything is done about it.
   *
   * @return its id, the same for one that is known and not repaired yet; 0 when the term is over
   */
  long record(Connection c, long epoch, String node, String gap) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(record)) {
      statement.setString(1, gap);
      statement.setString(2, gap);
      statement.setString(3, gap);
      statement.setString(4, gap);
      statement.setLong(5, epoch);
      statement.setString(6, node);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? row.getLong(1) : 0;
      }
    }
  }

  /** What is open is repaired. In the transaction that ends the reconciliation. */
  void close(Connection c, String repair) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(close)) {
      statement.setString(1, repair);
      statement.executeUpdate();
    }
  }

  /** Writes down something that looked like a gap and was none. */
  void note(Connection c, long epoch, String node, String what, String repair) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(note)) {
      statement.setString(1, what);
      statement.setString(2, repair);
      statement.setLong(3, epoch);
      statement.setString(4, node);
      statement.executeUpdate();
    }
  }

  /** The newest ones, newest first. */
  List<RelayStatus.Gap> last(Connection c, int atMost) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(last)) {
      statement.setInt(1, atMost);
      List<RelayStatus.Gap> gaps = new ArrayList<>();
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          OffsetDateTime repairedAt = row.getObject(4, OffsetDateTime.class);
          Instant repaired = repairedAt == null ? null : repairedAt.toInstant();
          gaps.add(
              new RelayStatus.Gap(
                  row.getObject(1, OffsetDateTime.class).toInstant(),
                  row.getString(2),
                  row.getString(3),
                  repaired,
                  row.getString(5)));
        }
      }
      return gaps;
    }
  }

  /** Forgets what is old; returns how many rows. */
  int prune(Connection c) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(prune)) {
      return statement.executeUpdate();
    }
  }
}
