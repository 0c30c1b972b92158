package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Looks at what the relay needs of the server; each finding names its remedy. Changes nothing. */
final class SlotDoctor {

  private static final String POSTGRESQL_CONF = "postgresql.conf";

  private final String schema;

  SlotDoctor(String schema) {
    this.schema = schema;
  }

  /** What stands in the way of streaming; empty when nothing does. */
  List<RelayFinding> preflight(Connection c) throws SQLException {
    List<RelayFinding> findings = lacks(c);
    checkSlot(c, /* shared= */ false, findings);
    return findings;
  }

  /** What stands in the way of Kafka Connect's streaming; empty when nothing does. */
  List<RelayFinding> connectPreflight(Connection c) throws SQLException {
    List<RelayFinding> findings = lacks(c);
    checkTableLess(c, findings);
    checkSlot(c, /* shared= */ true, findings);
    return findings;
  }

  /** What the server or the role would first have to be given, before anything can stream. */
  List<RelayFinding> lacks(Connection c) throws SQLException {
    List<RelayFinding> findings = new ArrayList<>();
    checkServer(c, findings);
    if (!is(c, "SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user")) {
      String user = text(c, "SELECT current_user");
      findings.add(
          RelayFinding.broken(
              "the role %s lacks REPLICATION".formatted(user),
              "grant it with ALTER ROLE %s REPLICATION".formatted(user)));
    }
    checkPrivileges(c, findings);
    checkPublication(c, findings);
    return findings;
  }

  /** What of it has nothing to do with the role that asks. */
  List<RelayFinding> serverLacks(Connection c) throws SQLException {
    List<RelayFinding> findings = new ArrayList<>();
    checkServer(c, findings);
    checkPublication(c, findings);
    return findings;
  }

  /** What stands in the way of polling; empty when nothing does. */
  List<RelayFinding> pollingPreflight(Connection c) throws SQLException {
    List<RelayFinding> findings = new ArrayList<>();
    checkPrivileges(c, findings);
    checkTableLess(c, findings);
    return findings;
  }

  /** Only a stream in the leader's process brings messages that are in no table. */
  private void checkTableLess(Connection c, List<RelayFinding> findings) throws SQLException {
    RelayFinding tableLess = TableLess.finding(c, schema);
    if (tableLess != null) {
      findings.add(tableLess);
    }
  }

  /** Whether the outbox has the index that windows are found by. */
  boolean canPollQuickly(Connection c) throws SQLException {
    return is(c, "SELECT to_regclass('%s.outbox_xid') IS NOT NULL".formatted(schema));
  }

  private static void checkServer(Connection c, List<RelayFinding> findings) throws SQLException {
    String walLevel = text(c, "SHOW wal_level");
    if (!walLevel.equals("logical")) {
      findings.add(
          RelayFinding.broken(
              "wal_level must be logical, was " + walLevel,
              "set it in " + POSTGRESQL_CONF + " and restart the server"));
    }
  }

  private void checkPrivileges(Connection c, List<RelayFinding> findings) throws SQLException {
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
          RelayFinding.broken(
              "the role %s lacks %s in schema %s"
                  .formatted(text(c, "SELECT current_user"), missing, schema),
              "name it as evenkeel.migration.relay-role or grant them"));
    }
  }

  private void checkPublication(Connection c, List<RelayFinding> findings) throws SQLException {
    String name = schema + "_outbox";
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
      findings.add(
          RelayFinding.broken(
              "the publication %s %s".formatted(name, kind),
              "make it with CREATE PUBLICATION %s FOR TABLE %s.outbox WITH (publish = 'insert', publish_via_partition_root = true)"
                  .formatted(name, schema)));
    }
  }

  /** With a walsender on it where the relay shares it with somebody else. */
  private void checkSlot(Connection c, boolean shared, List<RelayFinding> findings)
      throws SQLException {
    ReplicationSlot slot = ReplicationSlot.find(c, schema);
    if (slot == null) {
      return; // the relay makes it
    }
    RelayFinding kind = kind(c, slot);
    if (kind != null) {
      findings.add(kind);
    } else if (slot.activePid() != 0 && !shared) {
      findings.add(
          RelayFinding.broken(
              "the replication slot %s is in use by pid %d, which is not a relay of this installation"
                  .formatted(slot.name(), slot.activePid()),
              "end it with SELECT pg_terminate_backend(%d)".formatted(slot.activePid())));
    }
  }

  /** A replication slot of our name that is none of ours; null: it is one. */
  static @Nullable RelayFinding kind(Connection c, ReplicationSlot slot) throws SQLException {
    String database = c.getCatalog();
    if (slot.plugin().equals(ReplicationSlot.PLUGIN) && database.equals(slot.database())) {
      return null;
    }
    return RelayFinding.broken(
        "the replication slot %s is of %s%s, not of %s in database %s"
            .formatted(
                slot.name(),
                slot.plugin(),
                slot.database() == null ? "" : " in database " + slot.database(),
                ReplicationSlot.PLUGIN,
                database),
        "drop it with SELECT pg_drop_replication_slot('%s')".formatted(slot.name()));
  }

  /** Why no replication slot can be made; null: one can. Each database of the server has some. */
  static @Nullable RelayFinding noFreeSlot(Connection c) throws SQLException {
    String sql =
        """
        SELECT format('all %s replication slots of the server are in use', current_setting('max_replication_slots')),
               (SELECT string_agg(slot_name::text, ', ' ORDER BY slot_name)
                  FROM (SELECT slot_name FROM pg_replication_slots WHERE NOT active ORDER BY slot_name LIMIT 5) AS idle)
         WHERE (SELECT count(*) FROM pg_replication_slots) >= current_setting('max_replication_slots')::int
        """;
    return exhausted(
        c,
        sql,
        "raise max_replication_slots in "
            + POSTGRESQL_CONF
            + " and restart the server, or drop one that nobody needs with pg_drop_replication_slot");
  }

  /** Why nothing more can stream; null: something can. */
  static @Nullable RelayFinding noFreeSender(Connection c) throws SQLException {
    String sql =
        """
        SELECT format('all %s walsenders of the server are in use', current_setting('max_wal_senders')), NULL
         WHERE (SELECT count(*) FROM pg_stat_replication) >= current_setting('max_wal_senders')::int
        """;
    return exhausted(
        c,
        sql,
        "raise max_wal_senders in " + POSTGRESQL_CONF + " and restart the server, or end one");
  }

  private static @Nullable RelayFinding exhausted(Connection c, String sql, String remedy)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      if (!row.next()) {
        return null;
      }
      String idle = row.getString(2);
      return RelayFinding.broken(
          row.getString(1), idle == null ? remedy : remedy + "; not streaming now: " + idle);
    }
  }

  /** What may become a gap, or keeps WAL, while somebody streams. */
  List<RelayFinding> streamRisks(Connection c, DoctorOptions options) throws SQLException {
    List<RelayFinding> findings = new ArrayList<>();
    ReplicationSlot slot = ReplicationSlot.find(c, schema);
    if (slot != null) {
      checkRetained(c, slot, options, findings);
      if (c.getMetaData().getDatabaseMajorVersion() >= 17) {
        checkFailover(c, slot, findings);
      }
    }
    checkPrepared(c, findings);
    return findings;
  }

  private static void checkRetained(
      Connection c, ReplicationSlot slot, DoctorOptions options, List<RelayFinding> findings)
      throws SQLException {
    long limit =
        Long.parseLong(
            text(
                c,
                "SELECT setting::bigint * 1048576 FROM pg_settings WHERE name = 'max_slot_wal_keep_size'"));
    String holders =
        "see what holds the relay up: the oldest unpublished message, parked keys, a long transaction";
    if ("unreserved".equals(slot.walStatus())) {
      findings.add(
          RelayFinding.warning(
              "the next checkpoint may throw away WAL that the replication slot %s still needs (it keeps %s)"
                  .formatted(slot.name(), bytes(slot.retainedBytes())),
              "raise max_slot_wal_keep_size at once, with pg_reload_conf(); " + holders));
    } else if (limit > 0 && slot.retainedBytes() >= limit * options.retainedShare()) {
      findings.add(
          RelayFinding.warning(
              "the replication slot %s keeps %s of WAL, %d %% of max_slot_wal_keep_size (%s)"
                  .formatted(
                      slot.name(),
                      bytes(slot.retainedBytes()),
                      100 * slot.retainedBytes() / limit,
                      bytes(limit)),
              "raise max_slot_wal_keep_size before the server throws the WAL away; " + holders));
    }
    if (slot.retainedBytes() >= options.retainedWal()) {
      findings.add(
          RelayFinding.warning(
              "the replication slot %s keeps %s of WAL, above evenkeel.relay.doctor.retained-wal (%s)"
                  .formatted(
                      slot.name(), bytes(slot.retainedBytes()), bytes(options.retainedWal())),
              "watch the disk, and " + holders));
    } else if ("extended".equals(slot.walStatus())) {
      findings.add(
          RelayFinding.warning(
              "the replication slot %s keeps %s of WAL, above max_wal_size"
                  .formatted(slot.name(), bytes(slot.retainedBytes())),
              "watch the disk, and " + holders));
    }
  }

  /**
   * From 17 on a replication slot can follow a failover, where it and the standbys are set up so.
   */
  private static void checkFailover(Connection c, ReplicationSlot slot, List<RelayFinding> findings)
      throws SQLException {
    String standbys =
        text(
            c,
            """
            SELECT string_agg(slot_name::text, ', ' ORDER BY slot_name)
              FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary
            """);
    if (standbys.isEmpty()) {
      return;
    }
    if (!slot.failover()) {
      findings.add(
          RelayFinding.warning(
              "the replication slot %s does not follow a failover, and there are standbys (%s)"
                  .formatted(slot.name(), standbys),
              "stop the relays, drop it with SELECT pg_drop_replication_slot('%s') and start them: it is made again with failover, and the ring is sent again"
                  .formatted(slot.name())));
    } else if (text(c, "SHOW synchronized_standby_slots").isEmpty()) {
      findings.add(
          RelayFinding.warning(
              "synchronized_standby_slots is empty, and there are standbys (%s): messages leave before a standby has their transactions"
                  .formatted(standbys),
              "set synchronized_standby_slots to those that may be promoted, with pg_reload_conf()"));
    }
  }

  private static void checkPrepared(Connection c, List<RelayFinding> findings) throws SQLException {
    String prepared =
        text(
            c,
            """
            SELECT string_agg(format('%s in database %s since %s', gid, database, to_char(prepared, 'YYYY-MM-DD HH24:MI:SS')), ', ')
              FROM (SELECT * FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - interval '1 minute'
                     ORDER BY prepared LIMIT 3) AS oldest
            """);
    if (!prepared.isEmpty()) {
      findings.add(
          RelayFinding.warning(
              "prepared transactions are waiting (%s): they keep WAL, and no replication slot can be made"
                  .formatted(prepared),
              "end each in its database with COMMIT PREPARED or ROLLBACK PREPARED"));
    }
  }

  /** What a relay that polls pays or keeps for nothing. */
  List<RelayFinding> pollingRisks(Connection c, DoctorOptions options) throws SQLException {
    List<RelayFinding> findings = new ArrayList<>();
    if (!canPollQuickly(c)) {
      findings.add(
          RelayFinding.warning(
              "the index %s.outbox_xid is missing, and the relay polls: each look reads the whole outbox"
                  .formatted(schema),
              "let the migration make it, with evenkeel.relay.mode polling or auto, or CREATE INDEX outbox_xid ON %s.outbox (xid)"
                  .formatted(schema)));
    }
    ReplicationSlot slot = ReplicationSlot.find(c, schema);
    if (slot != null) {
      String what =
          "the replication slot %s keeps %s of WAL that nobody reads, because the relay polls"
              .formatted(slot.name(), bytes(slot.retainedBytes()));
      String remedy = "drop it with SELECT pg_drop_replication_slot('%s')".formatted(slot.name());
      findings.add(
          slot.retainedBytes() >= options.retainedWal()
              ? RelayFinding.broken(what, remedy)
              : RelayFinding.warning(what, remedy));
    }
    checkPrepared(c, findings);
    return findings;
  }

  /** A size for people. */
  static String bytes(long bytes) {
    if (bytes < 1L << 20) {
      return (bytes >> 10) + " kB";
    }
    return bytes < 10L << 30
        ? (bytes >> 20) + " MB"
        : String.format(Locale.ROOT, "%.1f GB", bytes / (double) (1L << 30));
  }

  private static boolean is(Connection c, String sql) throws SQLException {
    return text(c, sql).equals("t");
  }

  static String text(Connection c, String sql, String... arguments) throws SQLException {
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
