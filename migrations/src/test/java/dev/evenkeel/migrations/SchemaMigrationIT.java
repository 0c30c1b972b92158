package dev.evenkeel.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SchemaMigrationIT {

  private static final SchemaMigration MIGRATION = new SchemaMigration("evenkeel");

  private final DatabaseInfo database = TestDatabase.shared().createDatabase();

  @AfterEach
  void drop() {
    TestDatabase.shared().dropDatabase(database);
  }

  @Test
  void anEmptyDatabaseGetsTheWholeSchema() throws SQLException {
    MIGRATION.migrate(database.dataSource());

    assertThat(
            Sql.query(
                database,
                "SELECT relname FROM pg_class WHERE relnamespace = 'evenkeel'::regnamespace AND relkind"
                    + " IN ('r', 'p') AND NOT relispartition AND relname <> 'evenkeel_schema_history'"))
        .containsExactlyInAnyOrder(
            "outbox",
            "outbox_bucket",
            "outbox_in_wal",
            "inbox",
            "relay_state",
            "relay_gap",
            "consumer",
            "parked_key",
            "parked_message",
            "parked_action",
            "inbox_partition",
            "claim_check",
            "shard",
            "shard_identity",
            "slot",
            "slot_map",
            "slot_strategy",
            "slot_assignment",
            "node",
            "snowflake_node",
            "saga_key",
            "saga_instance",
            "saga_wake",
            "saga_event",
            "saga_timer",
            "saga_node",
            "saga_step",
            "saga_call",
            "saga_lock",
            "saga_definition",
            "saga_action");
    assertThat(Sql.query(database, "SELECT count(*) FROM evenkeel.outbox_bucket"))
        .containsExactly("16");
    assertThat(Sql.query(database, "SELECT epoch FROM evenkeel.relay_state")).containsExactly("0");
  }

  @Test
  void eachRingHasAPartitionForEveryBucket() throws SQLException {
    MIGRATION.migrate(database.dataSource());

    for (String ring : List.of("outbox", "inbox", "claim_check")) {
      assertThat(
              Sql.query(
                  database,
                  "SELECT pg_get_expr(relpartbound, oid) FROM pg_class JOIN pg_inherits ON inhrelid ="
                      + " oid WHERE inhparent = 'evenkeel."
                      + ring
                      + "'::regclass ORDER BY relname"))
          .hasSize(16)
          .startsWith("FOR VALUES IN ('0')")
          .endsWith("FOR VALUES IN ('15')");
    }
  }

  @Test
  void theColumnDefaultAndTheRingFunctionsAgree() throws SQLException {
    MIGRATION.migrate(database.dataSource());

    // The default repeats the constants, because a function call per insert would not fold.
    assertThat(
            Sql.query(
                database,
                "SELECT evenkeel.outbox_ring_width_seconds() || ' ' || evenkeel.outbox_ring_buckets()"))
        .containsExactly("3600 16");
    assertThat(
            Sql.query(
                database,
                "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid ="
                    + " adrelid AND attnum = adnum WHERE adrelid = 'evenkeel.outbox'::regclass AND"
                    + " attname = 'bucket'"))
        .singleElement()
        .asString()
        .contains("3600")
        .contains("16");
  }

  @Test
  void thePublicationCarriesInsertsUnderTheRootsName() throws SQLException {
    MIGRATION.migrate(database.dataSource());

    assertThat(
            Sql.query(
                database,
                "SELECT concat_ws(' ', pubname, pubinsert, pubupdate, pubdelete, pubtruncate,"
                    + " pubviaroot, puballtables) FROM pg_publication"))
        .containsExactly("evenkeel_outbox t f f f t f");
    assertThat(
            Sql.query(database, "SELECT schemaname || '.' || tablename FROM pg_publication_tables"))
        .containsExactly("evenkeel.outbox");
  }

  @Test
  void migratingTwiceChangesNothing() throws SQLException {
    MIGRATION.migrate(database.dataSource());
    List<String> before = Catalogue.of(database);
    List<String> history = history();

    MIGRATION.migrate(database.dataSource());

    assertThat(Catalogue.of(database)).isEqualTo(before);
    assertThat(history()).isEqualTo(history);
  }

  @Test
  void twelveThreadsMayMigrateAtTheSameTime() throws Exception {
    int threads = 12;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<?>> migrations = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        migrations.add(
            executor.submit(
                () -> {
                  start.await();
                  MIGRATION.migrate(database.dataSource());
                  return null;
                }));
      }
      start.countDown();
      for (Future<?> migration : migrations) {
        migration.get(60, TimeUnit.SECONDS);
      }
    } finally {
      executor.shutdownNow();
    }
    assertThat(history())
        .containsExactlyInAnyOrder(
            "null SCHEMA t",
            "1 SQL t",
            "2 SQL t",
            "3 SQL t",
            "4 SQL t",
            "5 SQL t",
            "6 SQL t",
            "7 SQL t",
            "8 SQL t",
            "null SQL t", // grants
            "null SQL t");
    assertThat(Sql.query(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))
        .containsExactly("0");
  }

  @Test
  void twoInstallationsShareADatabase() throws SQLException {
    MIGRATION.migrate(database.dataSource());
    new SchemaMigration("billing").migrate(database.dataSource());

    assertThat(Sql.query(database, "SELECT pubname FROM pg_publication ORDER BY pubname"))
        .containsExactly("billing_outbox", "evenkeel_outbox");
    Sql.execute(database, "TRUNCATE evenkeel.relay_state");
    assertThat(Sql.query(database, "SELECT count(*) FROM billing.relay_state"))
        .containsExactly("1");
  }

  private List<String> history() throws SQLException {
    return Sql.query(
        database,
        "SELECT concat(coalesce(version, 'null'), ' ', type, ' ', success) FROM"
            + " evenkeel.evenkeel_schema_history");
  }

  @Test
  void theOutboxHasAnIndexOnlyOnceTheRelayMayPoll() throws SQLException {
    String index = "SELECT to_regclass('evenkeel.outbox_xid')";
    MIGRATION.migrate(database.dataSource());
    assertThat(Sql.query(database, index)).containsOnlyNulls();

    new SchemaMigration("evenkeel", "", "", true).migrate(database.dataSource());
    assertThat(Sql.query(database, index)).containsExactly("evenkeel.outbox_xid");

    MIGRATION.migrate(database.dataSource()); // others still poll, perhaps
    assertThat(Sql.query(database, index)).containsExactly("evenkeel.outbox_xid");
  }
}
