package dev.evenkeel.relay;

import dev.evenkeel.outbox.Subscription;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/** Statements on {@code relay_state}, and on {@code consumer} where the leader reads it. */
final class RelayStateTable {

  private static final String COLUMNS =
      "mode, epoch, leader, lease_until IS NULL OR lease_until NOT BETWEEN clock_timestamp()"
          // beyond the longest lease there is: the server's clock was set back
          + " AND clock_timestamp() + interval '10 minutes' AS expired,"
          + " registry_version, system_identifier, timeline, witness_lsn, reconciling, published::text,"
          + " polling_window::text, polling_position";

  private final String read;
  private final String lead;
  private final String renew;
  private final String reconcile;
  private final String ageForeigners;
  private final String settleIn;
  private final String position;
  private final String promoted;
  private final String consumers;
  private final String publishedAge;

  RelayStateTable(String schema) {
    read = "SELECT %s FROM %s.relay_state".formatted(COLUMNS, schema);
    // FOR UPDATE, more than the update alone would take: whoever parks or releases holds KEY SHARE.
    // The registry's version must be the one that was looked at before: a consumer registered since
    // may be one that this process does not serve.
    // Another owner than before starts without a witness, which means to reconcile: what H does not
    // see is sent by the new owner, whatever the old one had under way. H stays, because it means
    // the same to all of them.
    lead =
        """
        WITH locked AS MATERIALIZED (
          SELECT epoch AS was, mode = ? AS stays FROM %1$s.relay_state WHERE epoch = ? AND registry_version = ? FOR UPDATE
        )
        UPDATE %1$s.relay_state
           SET epoch = epoch + 1, leader = ?, lease_until = clock_timestamp() + ?::interval, mode = ?,
               reconciling = reconciling OR NOT stays,
               witness_lsn = CASE WHEN stays THEN witness_lsn END,
               polling_window = CASE WHEN stays THEN polling_window END,
               polling_position = CASE WHEN stays THEN polling_position END
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
               reconciling = reconciling AND NOT ?,
               polling_window = coalesce(?::pg_snapshot, CASE WHEN ?::pg_snapshot IS NULL THEN polling_window END),
               polling_position = coalesce(?::bigint, CASE WHEN ?::pg_snapshot IS NULL THEN polling_position END)
         WHERE epoch = ? AND leader = ? AND registry_version = ?
        """
            .formatted(schema);
    reconcile =
        """
        UPDATE %s.relay_state
           SET reconciling = true, polling_window = NULL, polling_position = NULL
         WHERE epoch = ? AND leader = ?
        """
            .formatted(schema);
    // Snapshots and seals mean nothing in another cluster, whose transaction ids start anew. Rows
    // that came from the old one may have ids that this one will reach much later: nobody would see
    // them in a snapshot, so no window would have them and no bucket could be truncated. No row of
    // this cluster is visible with an id at or beyond the end of the same statement's snapshot. 2
    // is
    // PostgreSQL's own id for what was always there.
    ageForeigners =
        """
        WITH unsealed AS (UPDATE %1$s.outbox_bucket SET sealed = NULL)
        UPDATE %1$s.outbox SET xid = 2 WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        """
            .formatted(schema);
    settleIn =
        """
        UPDATE %s.relay_state
           SET reconciling = true, published = NULL, published_at = NULL, system_identifier = ?,
               witness_lsn = NULL, polling_window = NULL, polling_position = NULL
         WHERE epoch = ? AND leader = ?
        """
            .formatted(schema);
    position =
        """
        UPDATE %s.relay_state
           SET witness_lsn = ?::pg_lsn, incarnation = incarnation + ?, timeline = %s
         WHERE epoch = ? AND leader = ?
        """
            .formatted(schema, ReplicationSlot.TIMELINE);
    promoted =
        "UPDATE %s.relay_state SET timeline = %s WHERE epoch = ? AND leader = ?"
            .formatted(schema, ReplicationSlot.TIMELINE);
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
  @Nullable RelayRow lead(
      Connection c, RelayRow before, RelayOwner owner, String node, Duration lease)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(lead)) {
      statement.setString(1, owner.stored());
      statement.setLong(2, before.epoch());
      statement.setLong(3, before.registryVersion());
      statement.setString(4, node);
      statement.setString(5, interval(lease));
      statement.setString(6, owner.stored());
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
   * @param polled newest acknowledged place in the window after the heartbeat's; null when none is
   *     new
   */
  record Renewal(
      @Nullable LogSequenceNumber witness,
      @Nullable Heartbeat heartbeat,
      boolean reconciled,
      @Nullable RingPosition polled) {

    /** Renews the lease and nothing else. */
    static final Renewal LEASE = new Renewal(null, null, false, null);
  }

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
      RingPosition polled = renewal.polled();
      statement.setString(6, polled == null ? null : polled.window().text());
      statement.setString(7, heartbeat == null ? null : heartbeat.snapshot().text());
      statement.setObject(8, polled == null ? null : polled.position(), Types.BIGINT);
      statement.setString(9, heartbeat == null ? null : heartbeat.snapshot().text());
      statement.setLong(10, epoch);
      statement.setString(11, node);
      statement.setLong(12, registryVersion);
      return statement.executeUpdate() == 1;
    }
  }

  boolean startReconciling(Connection c, long epoch, String node) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(reconcile)) {
      statement.setLong(1, epoch);
      statement.setString(2, node);
      return statement.executeUpdate() == 1;
    }
  }

  /**
   * Forgets what another cluster's transaction ids say, and reconciles. Reads the whole ring, in a
   * statement of its own: the leader's row is not to be locked meanwhile.
   *
   * @param c a patient session
   */
  boolean settleIn(Connection c, long epoch, String node, String systemIdentifier)
      throws SQLException {
    RelayConnections.execute(c, ageForeigners);
    try (PreparedStatement statement = c.prepareStatement(settleIn)) {
      statement.setString(1, systemIdentifier);
      statement.setLong(2, epoch);
      statement.setString(3, node);
      return statement.executeUpdate() == 1;
    }
  }

  boolean setPosition(
      Connection c, long epoch, String node, LogSequenceNumber witness, boolean created)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(position)) {
      statement.setString(1, witness.asString());
      statement.setInt(2, created ? 1 : 0);
      statement.setLong(3, epoch);
      statement.setString(4, node);
      return statement.executeUpdate() == 1;
    }
  }

  /** The same replication slot goes on in the cluster's present timeline. */
  boolean promoted(Connection c, long epoch, String node) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(promoted)) {
      statement.setLong(1, epoch);
      statement.setString(2, node);
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
    String window = row.getString("polling_window");
    return new RelayRow(
        RelayOwner.of(row.getString("mode")),
        row.getLong("epoch"),
        row.getString("leader"),
        row.getBoolean("expired"),
        row.getLong("registry_version"),
        row.getString("system_identifier"),
        row.getLong("timeline"),
        witness == null ? null : LogSequenceNumber.valueOf(witness),
        row.getBoolean("reconciling"),
        published == null ? null : PgSnapshot.parse(published),
        window == null
            ? null
            : new RingPosition(PgSnapshot.parse(window), row.getLong("polling_position")));
  }
}
