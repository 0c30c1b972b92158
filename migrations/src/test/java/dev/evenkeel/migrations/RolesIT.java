package dev.evenkeel.migrations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What each role may and may not do, with a real session of that role. */
class RolesIT {

  private static final String OUTBOX_ROW =
      "INSERT INTO evenkeel.outbox (id, aggregatetype, aggregateid, type, version, slot, payload)"
          + " VALUES (gen_random_uuid(), 'order', '1', 'order-placed', 1, 7, 'x')";
  private static final String PARKED_ROW =
      "INSERT INTO evenkeel.parked_message (consumer, message_id, aggregatetype, aggregateid, type,"
          + " version, created_at, headers, payload, state, reason, parked_at) VALUES ('c',"
          + " gen_random_uuid(), 'order', '1', 'order-placed', 1, now(), '{}', 'x', 'RETRYING',"
          + " 'OUTAGE', now())";

  private static TestRoles roles;
  private static DatabaseInfo application;
  private static DatabaseInfo relay;

  @BeforeAll
  static void migrateAsOwner() throws SQLException {
    roles = TestRoles.create();
    roles.makeRelayMemberOfApplication();
    application = roles.as(roles.application());
    relay = roles.as(roles.relay());
    new SchemaMigration("evenkeel", roles.application(), roles.relay())
        .migrate(roles.as(roles.owner()).dataSource());
  }

  @AfterAll
  static void drop() throws SQLException {
    roles.close();
  }

  @Test
  void theOwnerOwnsTheTables() throws SQLException {
    assertThat(
            Sql.query(
                roles.database(), "SELECT tableowner FROM pg_tables WHERE tablename = 'outbox'"))
        .containsExactly(roles.owner());
  }

  @Test
  void theApplicationWritesMessagesAndHandlesThem() {
    allowed(application, OUTBOX_ROW);
    allowed(
        application,
        "INSERT INTO evenkeel.inbox (bucket, message_id, consumer) VALUES (3, gen_random_uuid(), 'c')"
            + " ON CONFLICT DO NOTHING RETURNING pg_backend_pid()");
    allowed(application, "SELECT count(*) FROM evenkeel.outbox");
    allowed(
        application, "SELECT evenkeel.inbox_ring_buckets(), evenkeel.inbox_ring_width_seconds()");
  }

  @Test
  void theApplicationRegistersConsumersAndParks() {
    allowed(application, "SELECT FROM evenkeel.relay_state FOR UPDATE");
    allowed(application, "UPDATE evenkeel.relay_state SET registry_version = registry_version + 1");
    allowed(
        application, "INSERT INTO evenkeel.consumer (name, type, version) VALUES ('c', 't', 1)");
    allowed(application, PARKED_ROW);
    allowed(application, "DELETE FROM evenkeel.parked_message WHERE consumer = 'nobody'");
  }

  @Test
  void theApplicationChangesNoMessageAndTruncatesNothing() {
    denied(application, "UPDATE evenkeel.outbox SET payload = 'y'");
    denied(application, "DELETE FROM evenkeel.outbox");
    denied(application, "TRUNCATE evenkeel.outbox");
    denied(application, "TRUNCATE evenkeel.outbox_03");
    denied(application, "TRUNCATE evenkeel.inbox_03");
    denied(application, "DELETE FROM evenkeel.inbox");
    denied(application, "UPDATE evenkeel.outbox_bucket SET truncated_at = now()");
    denied(application, "DROP TABLE evenkeel.parked_key");
    denied(application, "CREATE TABLE evenkeel.mine (id int)");
    denied(
        application, "SELECT pg_create_logical_replication_slot('application_slot', 'pgoutput')");
  }

  @Test
  void theRelayTruncatesBuckets() {
    allowed(relay, "LOCK TABLE evenkeel.outbox_03 IN SHARE MODE NOWAIT");
    allowed(relay, "TRUNCATE evenkeel.outbox_03");
    allowed(relay, "TRUNCATE evenkeel.inbox_03");
    allowed(relay, "UPDATE evenkeel.outbox_bucket SET sealed = pg_current_snapshot()");
  }

  @Test
  void theRelayLeadsAndParks() {
    allowed(relay, "UPDATE evenkeel.relay_state SET epoch = epoch + 1, leader = 'me'");
    allowed(relay, "SELECT FROM evenkeel.relay_state WHERE epoch = 0 FOR SHARE");
    allowed(relay, PARKED_ROW);
  }

  @Test
  void theRelayOwnsNothing() {
    denied(relay, "DROP TABLE evenkeel.outbox");
    denied(relay, "UPDATE evenkeel.outbox SET payload = 'y'");
    denied(relay, "DROP PUBLICATION evenkeel_outbox");
  }

  @Test
  void theRelayReadsTheWalThroughAReplicationSlot() throws SQLException {
    String slot = "slot_" + roles.relay();
    // Not in a transaction: a replication slot can't be created in one that has written.
    Sql.execute(
        relay, "SELECT pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(slot));
    Sql.execute(roles.database(), OUTBOX_ROW);

    assertThat(
            Sql.query(
                relay,
                "SELECT lsn FROM pg_logical_slot_get_binary_changes('%s', NULL, NULL, 'proto_version', '1', 'publication_names', 'evenkeel_outbox')"
                    .formatted(slot)))
        .isNotEmpty();

    Sql.execute(relay, "SELECT pg_drop_replication_slot('%s')".formatted(slot));
  }

  @Test
  void theRelayEndsSessionsOfTheApplication() throws SQLException {
    assertThat(
            Sql.query(relay, "SELECT pg_has_role('%s', 'MEMBER')".formatted(roles.application())))
        .containsExactly("t");
    try (Connection session = application.connect();
        Statement statement = session.createStatement()) {
      statement.execute("SET application_name = 'evenkeel:evenkeel:1:handler'");
      Sql.query(
          relay,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
              + " 'evenkeel:evenkeel:1:handler'");

      assertThatThrownBy(() -> statement.execute("SELECT 1")).isInstanceOf(SQLException.class);
    }
  }

  @Test
  void aRoleThatIsMissingIsNamed() throws SQLException {
    try (TestRoles fresh = TestRoles.create()) {
      assertThatThrownBy(
              () ->
                  new SchemaMigration("evenkeel", "nobody", "")
                      .migrate(fresh.database().dataSource()))
          .hasMessageContaining(
              "evenkeel.migration.application-role names the role \"nobody\", which does not exist;"
                  + " create it first with CREATE ROLE");
      assertThatThrownBy(
              () ->
                  new SchemaMigration("evenkeel", "", fresh.application())
                      .migrate(fresh.database().dataSource()))
          .hasMessageContaining(
              "evenkeel.migration.relay-role names the role \"%s\", which does not exist or lacks"
                  + " LOGIN or REPLICATION; use CREATE ROLE ... LOGIN REPLICATION",
              fresh.application());
    }
  }

  @Test
  void rolesMayBeNamedLater() throws SQLException {
    try (TestRoles fresh = TestRoles.create()) {
      fresh.makeRelayMemberOfApplication();
      DatabaseInfo owner = fresh.as(fresh.owner());
      new SchemaMigration("evenkeel").migrate(owner.dataSource());
      denied(fresh.as(fresh.application()), OUTBOX_ROW);

      new SchemaMigration("evenkeel", fresh.application(), fresh.relay())
          .migrate(owner.dataSource());

      allowed(fresh.as(fresh.application()), OUTBOX_ROW);
      allowed(fresh.as(fresh.relay()), "TRUNCATE evenkeel.outbox_03");
    }
  }

  @Test
  void anOwnerWhoMayNotGrantMembershipIsToldSo() throws SQLException {
    try (TestRoles fresh = TestRoles.create()) {
      assertThatThrownBy(
              () ->
                  new SchemaMigration("evenkeel", fresh.application(), fresh.relay())
                      .migrate(fresh.as(fresh.owner()).dataSource()))
          .hasMessageContaining(fresh.application());
    }
  }

  private static void allowed(DatabaseInfo role, String sql) {
    assertThatCode(inRolledBackTransaction(role, sql)).doesNotThrowAnyException();
  }

  private static void denied(DatabaseInfo role, String sql) {
    assertThatThrownBy(inRolledBackTransaction(role, sql))
        .as(sql)
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
  }

  private static ThrowingCallable inRolledBackTransaction(DatabaseInfo role, String sql) {
    return () -> {
      try (Connection connection = role.connect();
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.execute(sql);
        connection.rollback();
      }
    };
  }
}
