package dev.evenkeel.relay;

import dev.evenkeel.outbox.Subscription;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/** Statements on {@code relay_state}, and on {@code consumer} where the leader reads it. */
final class RelayStateTable {

  private static final String COLUMNS =
      "epoch, leader, lease_until IS NULL OR lease_until NOT BETWEEN clock_timestamp()"
          // beyond the longest lease there is: the server's clock was set back
          + " AND clock_timestamp() + interval '10 minutes' AS expired,"
          + " registry_version, system_identifier, witness_lsn, reconciling, published::text";

  private final String read;
  private final String lead;
  private final String renew;
  private final String reconcile;
  private final String position;
  private final String consumers;
  private final String publishedAge;

  RelayStateTable(String schema) {
    read = "SELECT %s FROM %s.relay_state".formatted(COLUMNS, schema);
    // FOR UPDATE, more than the update alone would take: whoever parks or releases holds KEY SHARE.
    // The registry's version must be the one that was looked at before: a consumer registered since
    // may be one that this process does not serve.
    lead =
        """
        WITH locked AS MATERIALIZED (SELECT epoch AS was FROM %1$s.relay_state WHERE epoch = ? AND registry_version = ? FOR UPDATE)
        UPDATE %1$s.relay_state
           SET epoch = epoch + 1, leader = ?, lease_until = clock_timestamp() + ?::interval, mode = 'embedded'
          FROM locked WHERE epoch = was
        RETURNING %2$s
        """
            .formatted(schema, COLUMNS);
    // One statement renews the lease, leaves the witness and moves H; the registry's version in its
    // WHERE is
    // what makes a leader that does not serve a new consumer stop before it confirms anything more.
    renew =
        """
        UPDATE %s.relay_state
           SET lease_until = clock_timestamp() + ?::interval,
               witness_lsn = greatest(?::pg_lsn, witness_lsn),
               published = coalesce(?::pg_snapshot, published),
               published_at = coalesce(?::timestamptz, published_at),
               reconciling = reconciling AND NOT ?
         WHERE epoch = ? AND leader = ? AND registry_version = ?
        """
            .formatted(schema);
    // Snapshots and seals mean nothing in another cluster, whose transaction ids start anew.
    reconcile =
        """
        WITH unsealed AS (UPDATE %1$s.outbox_bucket SET sealed = NULL WHERE ?)
        UPDATE %1$s.relay_state
           SET reconciling = true, published = CASE WHEN ? THEN NULL ELSE published END
         WHERE epoch = ? AND leader = ?
        """
            .formatted(schema);
    position =
        """
        UPDATE %s.relay_state
           SET witness_lsn = ?::pg_lsn, system_identifier = ?, incarnation = incarnation + ?
         WHERE epoch = ? AND leader = ?
        """
            .formatted(schema);
    consumers =
        "SELECT name, type, version FROM %s.consumer WHERE retired_at IS NULL".formatted(schema);
    publishedAge =
        """
        SELECT extract(epoch FROM clock_timestamp() - coalesce(
                   published_at, (SELECT min(created_at) FROM %1$s.outbox), clock_timestamp())) * 1000
          FROM %1$s.relay_state
        """
            .formatted(schema);
  }

  RelayRow read(Connection c) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(read);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row(row);
    }
  }

  /** Begins the next term; null when the row is no longer as it was looked at. */
  @Nullable RelayRow lead(Connection c, RelayRow before, String node, Duration lease)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(lead)) {
      statement.setLong(1, before.epoch());
      statement.setLong(2, before.registryVersion());
      statement.setString(3, node);
      statement.setString(4, interval(lease));
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? row(row) : null;
      }
    }
  }

  /**
   * What a renewal carries.
   *
   * @param witness position about to be confirmed; null when none is
   * @param heartbeat newest acknowledged one; null when none is new
   * @param reconciled whether the heartbeat ends the reconciliation
   */
  record Renewal(
      @Nullable LogSequenceNumber witness, @Nullable Heartbeat heartbeat, boolean reconciled) {}

  /** False: the epoch, the leader or the registry's version is another. */
  boolean renew(
      Connection c, long epoch, String node, long registryVersion, Duration lease, Renewal renewal)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(renew)) {
      statement.setString(1, interval(lease));
      statement.setString(2, renewal.witness() == null ? null : renewal.witness().asString());
      Heartbeat heartbeat = renewal.heartbeat();
      statement.setString(3, heartbeat == null ? null : heartbeat.snapshot().text());
      statement.setString(4, heartbeat == null ? null : heartbeat.emittedAt());
      statement.setBoolean(5, renewal.reconciled());
      statement.setLong(6, epoch);
      statement.setString(7, node);
      statement.setLong(8, registryVersion);
      return statement.executeUpdate() == 1;
    }
  }

  boolean startReconciling(Connection c, long epoch, String node, boolean otherCluster)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(reconcile)) {
      statement.setBoolean(1, otherCluster);
      statement.setBoolean(2, otherCluster);
      statement.setLong(3, epoch);
      statement.setString(4, node);
      return statement.executeUpdate() == 1;
    }
  }

  boolean setPosition(
      Connection c,
      long epoch,
      String node,
      LogSequenceNumber witness,
      String systemIdentifier,
      boolean created)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(position)) {
      statement.setString(1, witness.asString());
      statement.setString(2, systemIdentifier);
      statement.setInt(3, created ? 1 : 0);
      statement.setLong(4, epoch);
      statement.setString(5, node);
      return statement.executeUpdate() == 1;
    }
  }

  Set<Subscription> consumers(Connection c) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(consumers);
        ResultSet rows = statement.executeQuery()) {
      Set<Subscription> result = new HashSet<>();
      while (rows.next()) {
        result.add(new Subscription(rows.getString(1), rows.getString(2), rows.getInt(3)));
      }
      return result;
    }
  }

  /** Everything appended before that long ago is published; the time since the newest heartbeat. */
  Duration publishedAge(Connection c) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(publishedAge);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return Duration.ofMillis(Math.max(0, row.getLong(1)));
    }
  }

  private static String interval(Duration duration) {
    return duration.toMillis() + " milliseconds";
  }

  private static RelayRow row(ResultSet row) throws SQLException {
    String witness = row.getString("witness_lsn");
    String published = row.getString("published");
    return new RelayRow(
        row.getLong("epoch"),
        row.getString("leader"),
        row.getBoolean("expired"),
        row.getLong("registry_version"),
        row.getString("system_identifier"),
        witness == null ? null : LogSequenceNumber.valueOf(witness),
        row.getBoolean("reconciling"),
        published == null ? null : PgSnapshot.parse(published));
  }
}
