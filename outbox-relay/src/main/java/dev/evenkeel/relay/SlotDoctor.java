package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Looks at what the relay needs of the server; each finding names its remedy. */
final class SlotDoctor {

  private final String schema;

  SlotDoctor(String schema) {
    this.schema = schema;
  }

  /** What stands in the way of streaming; empty when nothing does. */
  List<String> preflight(Connection c) throws SQLException {
    List<String> findings = lacks(c);
    checkSlot(c, /* shared= */ false, findings);
    return findings;
  }

  /** What stands in the way of Kafka Connect's streaming; empty when nothing does. */
  List<String> connectPreflight(Connection c) throws SQLException {
    List<String> findings = lacks(c);
    checkSlot(c, /* shared= */ true, findings);
    return findings;
  }

  /** What the server or the role would first have to be given, before anything can stream. */
  List<String> lacks(Connection c) throws SQLException {
    List<String> findings = new ArrayList<>();
    String walLevel = text(c, "SHOW wal_level");
    if (!walLevel.equals("logical")) {
      findings.add(
          "wal_level must be logical, was %s; set it in postgresql.conf and restart the server"
              .formatted(walLevel));
    }
    if (!is(c, "SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user")) {
      String user = text(c, "SELECT current_user");
      findings.add(
          "the role %s lacks REPLICATION; grant it with ALTER ROLE %s REPLICATION"
              .formatted(user, user));
    }
    checkPrivileges(c, findings);
    checkPublication(c, findings);
    return findings;
  }

  /** What stands in the way of polling; empty when nothing does. */
  List<String> pollingPreflight(Connection c) throws SQLException {
    List<String> findings = new ArrayList<>();
    checkPrivileges(c, findings);
    return findings;
  }

  /** Whether the outbox has the index that windows are found by. */
  boolean canPollQuickly(Connection c) throws SQLException {
    return is(c, "SELECT to_regclass('%s.outbox_xid') IS NOT NULL".formatted(schema));
  }

  private void checkPrivileges(Connection c, List<String> findings) throws SQLException {
    String sql =
        """
        SELECT string_agg(format('%s on %s', privilege, tab), ', ')
          FROM (VALUES ('relay_state', 'UPDATE'), ('outbox', 'SELECT'), ('consumer', 'SELECT'),
                       ('outbox_bucket', 'UPDATE')) AS needed (tab, privilege)
         WHERE NOT has_table_privilege(current_user, format('%I.%I', ?::text, tab), privilege)
        """;
    String missing = text(c, sql, schema);
    if (!missing.isEmpty()) {
      findings.add(
          "the role %s lacks %s in schema %s; name it as evenkeel.migration.relay-role or grant them"
              .formatted(text(c, "SELECT current_user"), missing, schema));
    }
  }

  private void checkPublication(Connection c, List<String> findings) throws SQLException {
    String name = schema + "_outbox";
    String remedy =
        "; make it with CREATE PUBLICATION %s FOR TABLE %s.outbox WITH (publish = 'insert', publish_via_partition_root = true)"
            .formatted(name, schema);
    String kind =
        text(
            c,
            """
            SELECT concat_ws(', ', CASE WHEN NOT pubinsert THEN 'publishes no inserts' END,
                                   CASE WHEN pubupdate OR pubdelete OR pubtruncate THEN 'publishes more than inserts' END,
                                   CASE WHEN NOT pubviaroot THEN 'lacks publish_via_partition_root' END,
                                   CASE WHEN NOT EXISTS (SELECT FROM pg_publication_tables t
                                         WHERE t.pubname = p.pubname AND t.schemaname = ? AND t.tablename = 'outbox')
                                        THEN 'lacks the outbox' END)
              FROM pg_publication p WHERE pubname = ?
             UNION ALL SELECT 'does not exist' WHERE NOT EXISTS (SELECT FROM pg_publication WHERE pubname = ?)
            """,
            schema,
            name,
            name);
    if (!kind.isEmpty()) {
      findings.add("the publication %s %s%s".formatted(name, kind, remedy));
    }
  }

  /** With a walsender on it where the relay shares it with somebody else. */
  private void checkSlot(Connection c, boolean shared, List<String> findings) throws SQLException {
    ReplicationSlot slot = ReplicationSlot.find(c, schema);
    if (slot == null) {
      return; // the relay makes it
    }
    String database = c.getCatalog();
    if (!slot.plugin().equals(ReplicationSlot.PLUGIN) || !database.equals(slot.database())) {
      findings.add(
          "the replication slot %s is of %s%s, not of %s in database %s; drop it with SELECT pg_drop_replication_slot('%s')"
              .formatted(
                  slot.name(),
                  slot.plugin(),
                  slot.database() == null ? "" : " in database " + slot.database(),
                  ReplicationSlot.PLUGIN,
                  database,
                  slot.name()));
    } else if (slot.activePid() != 0 && !shared) {
      findings.add(
          "the replication slot %s is in use by pid %d, which is not a relay of this installation; end it with SELECT pg_terminate_backend(%d)"
              .formatted(slot.name(), slot.activePid(), slot.activePid()));
    }
  }

  private static boolean is(Connection c, String sql) throws SQLException {
    return text(c, sql).equals("t");
  }

  private static String text(Connection c, String sql, String... arguments) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        statement.setString(i + 1, arguments[i]);
      }
      try (ResultSet row = statement.executeQuery()) {
        String value = row.next() ? row.getString(1) : null;
        return value == null ? "" : value;
      }
    }
  }
}
