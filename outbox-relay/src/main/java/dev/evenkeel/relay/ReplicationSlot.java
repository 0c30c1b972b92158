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
 */
record ReplicationSlot(
    String name,
    String plugin,
    @Nullable String database,
    @Nullable LogSequenceNumber confirmed,
    @Nullable String walStatus,
    int activePid,
    long retainedBytes) {

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
               coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
          FROM pg_replication_slots WHERE slot_name = ?
        """;
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
            row.getLong(7));
      }
    }
  }

  /** Whether the server has thrown away WAL that it still needed. */
  boolean lost() {
    return "lost".equals(walStatus);
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

  static String systemIdentifier(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT system_identifier::text FROM pg_control_system()")) {
      row.next();
      return row.getString(1);
    }
  }
}
