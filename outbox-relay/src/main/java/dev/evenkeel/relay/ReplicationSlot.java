package dev.evenkeel.relay;

import dev.evenkeel.outbox.ReplicationSlotName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/**
 * The installation's replication slot as the server shows it.
 *
 * @param name cluster-wide, so it carries database and schema
 * @param plugin output plugin
 * @param database the database it decodes
 * @param confirmed position it resumes from; null while it is being made
 * @param walStatus {@code reserved}, {@code extended}, {@code unreserved}, {@code lost}
 * @param activePid process that streams from it, 0 when none does
 * @param retainedBytes WAL it keeps
 * @param invalidation why the server has made it useless, from 16 on; null: it has not
 * @param failover whether it is taken along to standbys, from 17 on
 * @param synced whether it came from the primary, from 17 on
 */
record ReplicationSlot(
    String name,
    String plugin,
    @Nullable String database,
    @Nullable LogSequenceNumber confirmed,
    @Nullable String walStatus,
    int activePid,
    long retainedBytes,
    @Nullable String invalidation,
    boolean failover,
    boolean synced) {

  /** SQL: the timeline that the primary writes, also before its first checkpoint on it. */
  static final String TIMELINE =
      "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint";

  /** SQL: how far the server's WAL is, on a standby as well. */
  static final String WAL_END =
      "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END";

  static final String PLUGIN = "pgoutput";

  /** The name of an installation's replication slot in the connection's database. */
  static String nameFor(Connection connection, String schema) throws SQLException {
    return name(connection.getCatalog(), schema);
  }

  static String name(String database, String schema) {
    return ReplicationSlotName.of(database, schema);
  }

  static @Nullable ReplicationSlot find(Connection connection, String schema) throws SQLException {
    String sql =
        """
        SELECT slot_name, plugin, database, confirmed_flush_lsn, wal_status, coalesce(active_pid, 0),
               coalesce(pg_wal_lsn_diff(%s, restart_lsn), 0)::bigint, %s
          FROM pg_replication_slots WHERE slot_name = ?
        """
            .formatted(WAL_END, newerColumns(connection.getMetaData().getDatabaseMajorVersion()));
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, nameFor(connection, schema));
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          return null;
        }
        String confirmed = row.getString(4);
        String plugin = row.getString(2);
        return new ReplicationSlot(
            row.getString(1),
            plugin == null ? "physical replication" : plugin,
            row.getString(3),
            confirmed == null ? null : LogSequenceNumber.valueOf(confirmed),
            row.getString(5),
            row.getInt(6),
            row.getLong(7),
            row.getString(8),
            row.getBoolean(9),
            row.getBoolean(10));
      }
    }
  }

  private static String newerColumns(int major) {
    if (major >= 17) {
      return "invalidation_reason, failover, synced";
    }
    // 16 says conflicting of lost WAL, too.
    return major == 16
        ? "CASE WHEN conflicting AND wal_status IS DISTINCT FROM 'lost' THEN 'conflict with recovery' END, false, false"
        : "NULL, false, false";
  }

  /** Whether the server has thrown away WAL that it still needed, or made it useless otherwise. */
  boolean lost() {
    return "lost".equals(walStatus) || invalidation != null;
  }

  /** Whether it stands beyond what was confirmed in our name: somebody made it again. */
  boolean beyond(@Nullable LogSequenceNumber witness) {
    return witness == null || confirmed == null || confirmed.compareTo(witness) > 0;
  }

  /** Makes it. Waits for every transaction that is running, however long that takes. */
  static void create(Connection connection, String schema) throws SQLException {
    boolean failover = connection.getMetaData().getDatabaseMajorVersion() >= 17;
    String sql =
        failover
            ? "SELECT pg_create_logical_replication_slot(?, ?, false, false, true)"
            : "SELECT pg_create_logical_replication_slot(?, ?)";
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, nameFor(connection, schema));
      statement.setString(2, PLUGIN);
      statement.execute();
    }
  }

  static void drop(Connection connection, String schema) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT pg_drop_replication_slot(?)")) {
      statement.setString(1, nameFor(connection, schema));
      statement.execute();
    }
  }

  static long timeline(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT " + TIMELINE)) {
      row.next();
      return row.getLong(1);
    }
  }

  static String systemIdentifier(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT system_identifier::text FROM pg_control_system()")) {
      row.next();
      return row.getString(1);
    }
  }
}
