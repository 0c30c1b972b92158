package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One look at an installation from outside, by whatever role: what state it is in, what is wrong,
 * and what the role may not see. Reads only.
 */
final class Examination {

  /** What a role is not allowed to see. */
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private static final int SHOWN_GAPS = 10;

  /** H moves about once a heartbeat, which is at most 10 s. */
  private static final double OLD_SECONDS = 15;

  private final Connection c;
  private final String schema;
  private final DoctorOptions options;
  private final Map<String, String> state = new LinkedHashMap<>();
  private final List<RelayFinding> findings = new ArrayList<>();
  private final List<String> unseen = new ArrayList<>();
  private List<RelayStatus.Gap> gaps = List.of();
  private boolean standby;
  private @Nullable ReplicationSlot slot;
  private @Nullable RelayRow row;

  private Examination(Connection c, String schema, DoctorOptions options) {
    this.c = c;
    this.schema = schema;
    this.options = options;
  }

  static Examination of(Connection c, String schema, DoctorOptions options) throws SQLException {
    Examination examination = new Examination(c, schema, options);
    examination.look();
    return examination;
  }

  private interface Look {
    void at() throws SQLException;
  }

  private void look() throws SQLException {
    server();
    if (!hasTables()) {
      return;
    }
    // The replication slot before the witness, which only grows and is committed first.
    see("the replication slot", () -> slot = ReplicationSlot.find(c, schema));
    see("relay_state", this::relayState);
    see("the replication slot", this::slotState);
    see("relay_gap", this::gapHistory);
    if (standby) {
      see("the replication slot", this::standby);
      return;
    }
    see("the server's settings", this::needs);
    see("who leads", this::leader);
    see("the replication slot", this::stream);
  }

  /** By the catalogue, which a role without any right may read. */
  private boolean hasTables() throws SQLException {
    String tables =
        SlotDoctor.text(
            c,
            """
            SELECT count(*) FROM pg_namespace n LEFT JOIN pg_class t
                ON t.relnamespace = n.oid AND t.relname IN ('relay_state', 'relay_gap')
             WHERE n.nspname = ? HAVING count(*) > 0
            """,
            schema);
    if (!tables.equals("2")) {
      findings.add(
          RelayFinding.broken(
              tables.isEmpty()
                  ? "there is no schema " + schema
                  : "the schema %s lacks tables of this version".formatted(schema),
              "name the installation's schema with --schema, or start the application, which migrates"));
    }
    return tables.equals("2");
  }

  /** Looks at something; what the role may not see is said, and the rest goes on. */
  private void see(String what, Look look) throws SQLException {
    try {
      look.at();
    } catch (SQLException e) {
      if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw e;
      }
      unseen.add(
          "%s: %s; connect as the relay's role, or grant it USAGE on the schema and SELECT on its tables"
              .formatted(what, e.getMessage()));
    }
  }

  private void server() throws SQLException {
    standby = SlotDoctor.text(c, "SELECT pg_is_in_recovery()").equals("t");
    state.put(
        "server",
        "PostgreSQL %s, %s, database %s, seen as %s at %s"
            .formatted(
                SlotDoctor.text(c, "SHOW server_version"),
                standby ? "standby" : "primary",
                c.getCatalog(),
                SlotDoctor.text(c, "SELECT current_user"),
                SlotDoctor.text(
                    c, "SELECT to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS TZ')")));
  }

  private void relayState() throws SQLException {
    RelayRow read = new RelayStateTable(schema).read(c);
    row = read;
    state.put("owner", owner(read.owner()));
    Double left = seconds("lease_until - clock_timestamp()");
    state.put(
        "leader",
        read.leader() == null
            ? "none so far"
            : "%s, epoch %d, %s"
                .formatted(
                    read.leader(),
                    read.epoch(),
                    left == null || read.expired()
                        ? "silent: its lease has run out"
                        : "lease ends in " + duration(left)));
    Double age = seconds("clock_timestamp() - published_at");
    state.put(
        "published",
        age == null
            ? "nothing yet"
            : "everything written until %s ago".formatted(duration(Math.max(0, age))));
    if (read.reconciling()) {
      state.put("reconciling", "yes: nothing is truncated, the published point stands");
    }
  }

  private static String owner(RelayOwner owner) {
    return switch (owner) {
      case EMBEDDED -> "embedded (the leader reads the WAL)";
      case POLLING -> "polling (the leader reads the outbox)";
      case CONNECT -> "connect (Kafka Connect reads the WAL, the leader watches)";
    };
  }

  private void slotState() throws SQLException {
    ReplicationSlot found = slot;
    if (found == null) {
      state.put("replication slot", "none named " + ReplicationSlot.nameFor(c, schema));
      return;
    }
    String limit = SlotDoctor.text(c, "SHOW max_slot_wal_keep_size");
    state.put(
        "replication slot",
        "%s, %s, at %s, %s"
            .formatted(
                found.name(),
                found.activePid() == 0 ? "nobody streams" : "streamed by pid " + found.activePid(),
                found.confirmed(),
                found.invalidation() == null
                    ? String.valueOf(found.walStatus())
                    : "invalidated: " + found.invalidation()));
    state.put(
        "retained WAL",
        "%s (max_slot_wal_keep_size: %s)"
            .formatted(
                SlotDoctor.bytes(found.retainedBytes()), limit.equals("-1") ? "no limit" : limit));
  }

  private void gapHistory() throws SQLException {
    gaps = new RelayGapTable(schema).last(c, SHOWN_GAPS);
    state.put(
        "gaps",
        SlotDoctor.text(c, "SELECT count(*) FROM %s.relay_gap".formatted(schema))
            + " in the last 30 days");
    gaps.stream()
        .filter(gap -> gap.repairedAt() == null)
        .findFirst()
        .ifPresent(
            gap ->
                findings.add(
                    RelayFinding.warning(
                        "a gap is not repaired yet: " + gap.what(),
                        "the leader repairs it; if it stays, its health and its log say what it waits for")));
  }

  private void standby() throws SQLException {
    if (c.getMetaData().getDatabaseMajorVersion() < 17) {
      state.put(
          "promotion",
          "would be a gap, repaired from the ring: before 17 no replication slot follows");
      return;
    }
    String synced =
        SlotDoctor.text(
            c,
            "SELECT synced AND NOT temporary AND invalidation_reason IS NULL FROM pg_replication_slots WHERE slot_name = ?",
            ReplicationSlot.nameFor(c, schema));
    if (synced.equals("t")) {
      state.put("promotion", "would keep the stream: the replication slot is synchronised");
    } else {
      findings.add(
          RelayFinding.warning(
              "the replication slot is not synchronised to this standby: its promotion would be a gap, repaired from the ring",
              "set sync_replication_slots = on, hot_standby_feedback = on, primary_slot_name, and a dbname in primary_conninfo here"));
    }
  }

  private boolean streams() {
    return row == null || row.owner() != RelayOwner.POLLING;
  }

  private void needs() throws SQLException {
    SlotDoctor doctor = new SlotDoctor(schema);
    if (!streams()) {
      findings.addAll(doctor.pollingRisks(c, options));
      return;
    }
    findings.addAll(doctor.serverLacks(c));
    findings.addAll(doctor.streamRisks(c, options));
    if (slot == null) {
      add(SlotDoctor.noFreeSlot(c));
    } else {
      add(SlotDoctor.kind(c, slot));
    }
    if (slot == null || slot.activePid() == 0) {
      add(SlotDoctor.noFreeSender(c));
    }
  }

  private void leader() throws SQLException {
    RelayRow read = row;
    if (read == null) {
      return;
    }
    String health = "see the health and the log of each process that has the relay enabled";
    if (read.epoch() == 0) {
      findings.add(
          RelayFinding.warning(
              "no relay has led here so far: what is written waits in the outbox",
              "start a process with evenkeel.relay.enabled, or " + health));
    } else if (read.expired()) {
      findings.add(
          RelayFinding.broken(
              "nobody leads: %s was the last one, and its lease has run out"
                  .formatted(read.leader()),
              "start a process with the relay enabled; where some run, " + health));
    } else if (read.reconciling()) {
      findings.add(
          RelayFinding.warning(
              "a reconciliation is under way: what is not known as published is sent again from the ring",
              "wait; if it lasts, see what %s waits for in its health and its log"
                  .formatted(read.leader())));
    } else {
      Double age = seconds("clock_timestamp() - published_at");
      if (age != null && age > OLD_SECONDS) {
        findings.add(
            RelayFinding.warning(
                "%s leads, and nothing newer than %s is known as published"
                    .formatted(read.leader(), duration(age)),
                "see its health and its log: a handler, a broker or a long transaction holds it up"));
      }
    }
  }

  private void stream() throws SQLException {
    RelayRow read = row;
    if (read == null || read.witness() == null || !streams()) {
      return; // before the first start there is nothing to miss
    }
    String system = ReplicationSlot.systemIdentifier(c);
    String gap = SlotKeeper.gap(read, slot, system, ReplicationSlot.timeline(c));
    if (gap != null
        && read.owner() == RelayOwner.CONNECT
        && system.equals(read.systemIdentifier())) {
      // Connect asks nobody before it confirms: who streams tells more than where it stands.
      SeenSlot noted = SeenSlot.noted(c, schema);
      gap = SeenSlot.gap(SeenSlot.look(c, schema), noted, read.witness());
    }
    if (gap != null) {
      findings.add(
          RelayFinding.broken(
              gap,
              "nothing is lost: a leader makes the stream whole and sends again from the ring; where none does, its health says why"));
    } else if (slot != null && slot.activePid() == 0 && !read.reconciling()) {
      RelayFinding.Severity severity =
          read.owner() == RelayOwner.CONNECT
              ? RelayFinding.Severity.BROKEN
              : read.expired()
                  ? RelayFinding.Severity.WARNING // that nobody leads is said already
                  : RelayFinding.Severity.BROKEN;
      findings.add(
          new RelayFinding(
              severity,
              "nobody streams from the replication slot " + slot.name(),
              read.owner() == RelayOwner.CONNECT
                  ? "look at the connector and its task in Kafka Connect"
                  : "look again in some seconds; if it stays, see the leader's log"));
    }
  }

  private void add(@Nullable RelayFinding finding) {
    if (finding != null) {
      findings.add(finding);
    }
  }

  private @Nullable Double seconds(String interval) throws SQLException {
    try (PreparedStatement statement =
            c.prepareStatement(
                "SELECT extract(epoch FROM %s)::float8 FROM %s.relay_state"
                    .formatted(interval, schema));
        ResultSet result = statement.executeQuery()) {
      result.next();
      double seconds = result.getDouble(1);
      return result.wasNull() ? null : seconds;
    }
  }

  private static String duration(double seconds) {
    if (seconds < 120) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    return seconds < 7_200
        ? Math.round(seconds / 60) + " min"
        : String.format(Locale.ROOT, "%.1f h", seconds / 3_600);
  }

  /** What is to be seen, by name, in the order of the report. */
  Map<String, String> state() {
    return state;
  }

  List<RelayFinding> findings() {
    return findings;
  }

  /** What the role may not see. */
  List<String> unseen() {
    return unseen;
  }

  /** Newest first. */
  List<RelayStatus.Gap> gaps() {
    return gaps;
  }
}
