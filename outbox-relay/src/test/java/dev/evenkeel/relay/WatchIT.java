package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evenkeel.testing.database.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Each way to lose a stream is recognised within ten seconds, written down before anything is done
 * about it, and repaired: what was in the gap arrives, and takes effect once.
 */
@Tag("postgres-matrix")
class WatchIT {

  private static final Duration RECOGNISED = Duration.ofSeconds(10);
  private static final Duration SOON = Duration.ofSeconds(60);

  @Test
  void droppedSlotIsAGapThatIsWrittenDownAndRepaired() {
    try (Installation installation = Installation.create()) {
      survives(
          installation,
          i -> dropSlot(i),
          "the replication slot is gone",
          "made the replication slot anew");
    }
  }

  @Test
  void slotThatWasMadeAgainIsAGap() {
    try (Installation installation = Installation.create()) {
      survives(
          installation,
          i -> {
            dropSlot(i);
            append(i, "k", 2);
            i.sql()
                .queryForList(
                    "SELECT pg_create_logical_replication_slot(?, 'pgoutput')", i.slotName());
          },
          "it was dropped and made again, or advanced by somebody else",
          "kept the replication slot as it stands");
    }
  }

  @Test
  void slotThatSomebodyElseAdvancedIsAGap() {
    try (Installation installation = Installation.create()) {
      survives(
          installation,
          i -> {
            append(i, "k", 2);
            i.sql()
                .queryForList(
                    "SELECT pg_replication_slot_advance(?, pg_current_wal_lsn())", i.slotName());
          },
          "or advanced by somebody else",
          "kept the replication slot as it stands");
    }
  }

  @Test
  void lostWalIsAGap() {
    try (PostgresServer server =
            PostgresServer.builder()
                .setting("max_slot_wal_keep_size", "1MB")
                .setting("min_wal_size", "32MB")
                .setting("max_wal_size", "32MB")
                .start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      survives(
          installation,
          i -> {
            append(i, "k", 2);
            loseWal(i);
          },
          "the replication slot has lost its WAL",
          "made the replication slot anew");
    }
  }

  @Test
  void invalidatedSlotIsAGap() {
    try (PostgresServer server = PostgresServer.builder().start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      assumeTrue(server.major() >= 18, "idle_replication_slot_timeout is of PostgreSQL 18");
      survives(
          installation,
          i -> {
            append(i, "k", 2);
            i.sql().execute("ALTER SYSTEM SET idle_replication_slot_timeout = '1s'");
            i.sql().execute("SELECT pg_reload_conf()");
            await()
                .atMost(SOON)
                .until(
                    () -> {
                      i.sql().execute("CHECKPOINT");
                      return i.count(
                              "SELECT count(*) FROM pg_replication_slots WHERE invalidation_reason IS NOT NULL")
                          == 1;
                    });
            i.sql().execute("ALTER SYSTEM RESET idle_replication_slot_timeout");
            i.sql().execute("SELECT pg_reload_conf()");
          },
          "the replication slot was invalidated (idle_timeout)",
          "made the replication slot anew");
    }
  }

  /** A dump that was restored into another cluster, whose transaction ids start anew. */
  @Test
  void databaseOfAnotherClusterIsAGapAndItsRowsAreSentAndTruncated() {
    try (Installation installation = Installation.create()) {
      survives(
          installation,
          i -> {
            append(i, "k", 2);
            i.sql()
                .update(
                    "UPDATE evenkeel.relay_state SET system_identifier = '1', published = '900000000:900000000:'");
            i.sql().update("UPDATE evenkeel.outbox SET xid = xid + 1000000000");
          },
          "the database belongs to another cluster",
          "sent 3 messages again");
      assertThat(
              installation.count(
                  "SELECT count(*) FROM evenkeel.outbox"
                      + " WHERE NOT pg_visible_in_snapshot(xid::text::xid8, pg_current_snapshot())"))
          .as("rows that no bucket could be emptied of")
          .isZero();
    }
  }

  /**
   * Their transaction ids are far beyond those of this cluster, and yet they do not stay for ever.
   */
  @Test
  void rowsOfAnotherClusterAreSentOnceAndTruncated() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      relayOnce(installation, ledger);
      // Not the present bucket, so that the janitor may empty it.
      installation
          .sql()
          .execute(
              "ALTER TABLE evenkeel.outbox ALTER bucket SET DEFAULT ((floor(extract(epoch FROM clock_timestamp()) / 3600)::bigint + 8) % 16)::smallint");
      append(installation, "k", 2);
      installation.sql().update("UPDATE evenkeel.relay_state SET system_identifier = '1'");
      installation
          .sql()
          .update(
              """
              UPDATE evenkeel.outbox SET xid = xid + 1000000000,
                     bucket = (floor(extract(epoch FROM clock_timestamp()) / 3600)::bigint + 8) % 16
              """);
      try (RelayNode node =
          RelayNode.in(installation)
              .handlers(ledger.firstConsumer())
              .relay(WatchIT::withoutRetention)
              .start()) {
        await().atMost(SOON).until(() -> ledger.handled("first", "k").size() == 2);
        node.publish(new Counted("k", 3));
        await()
            .atMost(SOON)
            .until(() -> installation.count("SELECT count(*) FROM evenkeel.outbox") == 0);
        assertThat(ledger.handled("first", "k")).containsExactly(1L, 2L, 3L);
      }
    }
  }

  private static RelayOptions withoutRetention(RelayOptions o) {
    return new RelayOptions(
        o.schema(),
        o.node(),
        o.lease(),
        o.contend(),
        o.heartbeat(),
        o.pollInterval(),
        o.maxInFlight(),
        o.maxInFlightBytes(),
        o.drain(),
        new JanitorOptions(Duration.ofMillis(100), Duration.ZERO, Duration.ofDays(10)));
  }

  /** As after the promotion of a standby that had a replication slot of our name. */
  @Test
  void anotherTimelineIsNamed() {
    try (Installation installation = Installation.create()) {
      survives(
          installation,
          i -> {
            dropSlot(i);
            append(i, "k", 2);
            i.sql().update("UPDATE evenkeel.relay_state SET timeline = 7");
          },
          "the replication slot is gone: the primary failed over or was restored (timeline 1, was 7)",
          "made the replication slot anew");
      assertThat(installation.count("SELECT timeline FROM evenkeel.relay_state")).isEqualTo(1);
    }
  }

  @Test
  void promotionThatTheSlotCameAlongWithIsNoGapAndWrittenDown() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      relayOnce(installation, ledger);
      installation.sql().update("UPDATE evenkeel.relay_state SET timeline = 7");
      try (RelayNode node = RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
        await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.STREAMING);
        assertThat(node.relay().status().gaps()).isZero();
        assertThat(gaps(node))
            .singleElement()
            .satisfies(
                gap -> {
                  assertThat(gap.what())
                      .isEqualTo("the primary failed over or was restored (timeline 1, was 7)");
                  assertThat(gap.repair()).contains("nothing was missing");
                });
      }
    }
  }

  /** The server takes no further replication slot: the gap is known at once, repaired later. */
  @Test
  void slotThatCannotBeMadeIsTriedAgainUntilItCan() {
    try (PostgresServer server =
            PostgresServer.builder().setting("max_replication_slots", "2").start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      Ledger ledger = new Ledger(installation);
      relayOnce(installation, ledger);
      dropSlot(installation);
      for (String name : List.of("one", "two")) {
        installation.sql().queryForList("SELECT pg_create_physical_replication_slot(?)", name);
      }
      append(installation, "k", 2);
      try (RelayNode node = RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
        await()
            .atMost(RECOGNISED)
            .untilAsserted(
                () ->
                    assertThat(node.relay().status().findings().toString())
                        .contains(
                            "all 2 replication slots of the server are in use",
                            "raise max_replication_slots",
                            "not streaming now: one, two"));
        await().during(Duration.ofSeconds(2)).atMost(SOON).until(() -> gaps(node).size() == 1);
        assertThat(gaps(node).get(0).repairedAt()).isNull();
        assertThat(node.relay().status().gaps()).isEqualTo(1);

        installation.sql().queryForList("SELECT pg_drop_replication_slot('two')");
        await().atMost(SOON).until(() -> ledger.handled("first", "k").size() == 2);
        await().atMost(SOON).until(() -> gaps(node).get(0).repairedAt() != null);
        assertThat(node.relay().status().gaps()).isEqualTo(1);
        assertThat(node.relay().status().findings()).noneMatch(RelayFinding::broken);
      }
    }
  }

  @Test
  void walsendersThatAreAllInUseAreNamed() {
    try (PostgresServer server = PostgresServer.builder().setting("max_wal_senders", "0").start();
        Installation installation = Installation.in(server.createDatabase("app"));
        RelayNode node = RelayNode.in(installation).start()) {
      await()
          .atMost(RECOGNISED)
          .untilAsserted(
              () ->
                  assertThat(node.relay().status().findings().toString())
                      .contains("all 0 walsenders of the server are in use"));
    }
  }

  /** Stays the same gap for all who find it until it is repaired. */
  @Test
  void oldGapsAreForgottenAndAThousandAreKept() throws SQLException {
    try (Installation installation = Installation.create();
        Connection c = installation.dataSource().getConnection()) {
      installation
          .sql()
          .execute(
              "INSERT INTO evenkeel.relay_gap (recognised_at, epoch, node, gap, repaired_at, repair)"
                  + " SELECT clock_timestamp() - make_interval(days => CASE WHEN n > 1190 THEN 31 ELSE 29 END),"
                  + " 1, 'node', 'gap ' || n, now(), 'done' FROM generate_series(1, 1200) AS n");
      RingJanitor janitor = new RingJanitor(Installation.SCHEMA, JanitorOptions.defaults());
      janitor.sweep(c);
      assertThat(installation.count("SELECT count(*) FROM evenkeel.relay_gap")).isEqualTo(990);
      assertThat(
              installation.count("SELECT count(*) FROM evenkeel.relay_gap WHERE gap = 'gap 200'"))
          .isZero();
    }
  }

  private static void survives(
      Installation installation, Consumer<Installation> harm, String what, String repair) {
    Ledger ledger = new Ledger(installation);
    relayOnce(installation, ledger);
    harm.accept(installation);
    append(installation, "k", 3);
    try (RelayNode node = RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
      await("what the stream may lack is a gap, and is written down")
          .atMost(RECOGNISED)
          .until(() -> !gaps(node).isEmpty());
      await().atMost(SOON).until(() -> gaps(node).get(0).repairedAt() != null);

      assertThat(gaps(node))
          .singleElement()
          .satisfies(
              gap -> {
                assertThat(gap.what()).contains(what);
                assertThat(gap.repair()).contains(repair, "messages again");
                assertThat(gap.node()).isEqualTo("node");
              });
      assertThat(node.relay().status().gaps()).isEqualTo(1);
      await().atMost(SOON).until(() -> ledger.handled("first", "k").size() >= 2);
      node.publish(new Counted("after", 1));
      await().atMost(SOON).until(() -> ledger.handled("first", "after").size() == 1);
      assertThat(ledger.handled("first", "k")).doesNotHaveDuplicates().contains(1L, 3L);
      assertThat(ledger.handled("first"))
          .isEqualTo(installation.count("SELECT count(DISTINCT id) FROM evenkeel.outbox"));
      await()
          .atMost(SOON)
          .until(() -> node.relay().status().findings().stream().noneMatch(RelayFinding::broken));
    }
  }

  /** A first leader that makes the replication slot, relays one message, and goes. */
  private static void relayOnce(Installation installation, Ledger ledger) {
    try (RelayNode node = RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
      node.publish(new Counted("k", 1));
      await().atMost(SOON).until(() -> ledger.handled("first", "k").size() == 1);
      await()
          .atMost(SOON)
          .until(
              () ->
                  installation.count(
                          "SELECT count(*) FROM evenkeel.relay_state"
                              + " WHERE NOT reconciling AND pg_visible_in_snapshot("
                              + " (SELECT max(xid) FROM evenkeel.outbox)::text::xid8, published)")
                      == 1);
    }
  }

  /** Written while nobody relays. */
  private static void append(Installation installation, String key, long version) {
    RelayNode.in(installation).build().publish(new Counted(key, version));
  }

  private static List<RelayStatus.Gap> gaps(RelayNode node) {
    try {
      return node.relay().lag().gaps();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void dropSlot(Installation installation) {
    await()
        .atMost(SOON)
        .ignoreExceptionsInstanceOf(DataAccessException.class)
        .until(
            () -> {
              installation.dropSlot();
              return true;
            });
  }

  private static void loseWal(Installation installation) {
    JdbcTemplate sql = installation.sql();
    await()
        .atMost(SOON)
        .until(
            () -> {
              try (Connection c = installation.dataSource().getConnection();
                  Statement statement = c.createStatement()) {
                for (int segment = 0; segment < 3; segment++) {
                  statement.execute("SELECT pg_logical_emit_message(false, 'noise', 'noise')");
                  statement.execute("SELECT pg_switch_wal()");
                }
                statement.execute("CHECKPOINT");
              }
              return "lost"
                  .equals(
                      sql.queryForObject(
                          "SELECT wal_status FROM pg_replication_slots WHERE slot_name = ?",
                          String.class,
                          installation.slotName()));
            });
  }
}
