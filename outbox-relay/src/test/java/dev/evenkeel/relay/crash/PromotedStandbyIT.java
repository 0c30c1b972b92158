package dev.evenkeel.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * The primary dies under load and its standby is promoted. Commits wait for the standby, so nothing
 * that was committed may be missing afterwards, whether or not the replication slot came along.
 */
class PromotedStandbyIT {

  private static final String STANDBY = "standby";
  private static final String DATABASE = "app";
  private static final Duration BACKLOG = Duration.ofMinutes(1);
  private static final Duration SYNCHRONISED = Duration.ofSeconds(60);
  private static final int ACKNOWLEDGED = 20;

  @Test
  @Tag("postgres-matrix")
  void promotionWithoutTheReplicationSlotIsAGapAndNothingIsLost()
      throws InterruptedException, SQLException {
    try (PostgresServer primary = primary();
        PostgresServer standby = PostgresServer.builder().standbyOf(primary, STANDBY).start();
        Trial trial = Trial.in(either(primary, standby));
        Application node = trial.instance("node")) {
      commitsWaitForTheStandby(primary);
      failOver(trial, node, primary, standby);

      assertThat(node.relay().status().gaps()).isEqualTo(1);
      assertThat(node.relay().lag().gaps())
          .singleElement()
          .satisfies(
              gap -> {
                assertThat(gap.what())
                    .isEqualTo(
                        "the replication slot is gone: the primary failed over or was restored (timeline 2, was 1)");
                assertThat(gap.repair())
                    .contains("made the replication slot anew", "messages again");
              });
    }
  }

  /** From 17 on, with failover replication slots: nothing is sent again from the ring. */
  @Test
  @Tag("slow") // the standby looks for replication slots at most twice a minute
  void promotionThatTakesTheReplicationSlotAlongGoesOn() throws InterruptedException, SQLException {
    try (PostgresServer primary = primary();
        PostgresServer standby =
            PostgresServer.builder()
                .standbyOf(primary, STANDBY)
                .setting("sync_replication_slots", "on")
                .setting("hot_standby_feedback", "on")
                .start();
        Trial trial = Trial.in(either(primary, standby));
        Application node = trial.instance("node")) {
      assumeTrue(primary.major() >= 17, "replication slots follow a failover from 17 on");
      commitsWaitForTheStandby(primary);
      set(primary, "synchronized_standby_slots", STANDBY);
      failOver(trial, node, primary, standby);

      assertThat(node.relay().status().gaps()).isZero();
      assertThat(node.relay().lag().gaps())
          .singleElement()
          .satisfies(
              gap -> {
                assertThat(gap.what())
                    .isEqualTo("the primary failed over or was restored (timeline 2, was 1)");
                assertThat(gap.repair())
                    .isEqualTo("nothing was missing: the replication slot came along");
              });
    }
  }

  @Test
  @Tag("postgres-matrix")
  void pollingSurvivesAPromotion() throws InterruptedException, SQLException {
    try (PostgresServer primary = primary();
        PostgresServer standby = PostgresServer.builder().standbyOf(primary, STANDBY).start();
        Trial trial = Trial.in(either(primary, standby));
        Application node = trial.instance("node", Role.POLLING)) {
      commitsWaitForTheStandby(primary);
      failOver(trial, node, primary, standby);

      assertThat(node.relay().status().gaps()).isZero();
    }
  }

  private static void failOver(
      Trial trial, Application node, PostgresServer primary, PostgresServer standby)
      throws InterruptedException {
    node.startRelay();
    Writers writers = trial.startWriters();
    trial.awaitAttempts(300);
    trial.awaitReconciled();
    awaitSynchronised(primary, standby);
    for (int n = 0; n < ACKNOWLEDGED; n++) {
      trial.write("acknowledged");
    }
    trial.fault("loss of the primary");
    primary.stop(PostgresServer.Mode.IMMEDIATE);
    standby.promote();
    trial.awaitAttempts(300);
    writers.stop();

    trial.judge(BACKLOG).sound();
    Map<String, Long> committed = trial.observer().tables().committed(WritePath.OUTBOX);
    assertThat(committed.get("acknowledged")).isEqualTo(ACKNOWLEDGED);
  }

  private static PostgresServer primary() {
    PostgresServer server = PostgresServer.builder().start();
    server.createDatabase(DATABASE);
    return server;
  }

  /** Whichever is the primary. */
  private static DatabaseInfo either(PostgresServer one, PostgresServer other) {
    DatabaseInfo database = one.database(DATABASE);
    return new DatabaseInfo(
        DATABASE,
        "jdbc:postgresql://127.0.0.1:%d,127.0.0.1:%d/%s?targetServerType=primary"
            .formatted(one.port(), other.port(), DATABASE),
        database.username(),
        database.password());
  }

  private static void commitsWaitForTheStandby(PostgresServer primary) {
    set(primary, "synchronous_standby_names", STANDBY);
  }

  private static void set(PostgresServer server, String setting, String value) {
    JdbcTemplate sql = new JdbcTemplate(server.maintenanceDatabase().dataSource());
    sql.execute("ALTER SYSTEM SET %s = '%s'".formatted(setting, value));
    sql.execute("SELECT pg_reload_conf()");
  }

  /** Waits until the standby has the replication slot, where it is to have it. */
  private static void awaitSynchronised(PostgresServer primary, PostgresServer standby) {
    JdbcTemplate sql = new JdbcTemplate(standby.maintenanceDatabase().dataSource());
    if (primary.major() < 17
        || !"on".equals(sql.queryForObject("SHOW sync_replication_slots", String.class))) {
      return;
    }
    await()
        .atMost(SYNCHRONISED)
        .until(
            () ->
                Integer.valueOf(1)
                    .equals(
                        sql.queryForObject(
                            "SELECT count(*) FROM pg_replication_slots WHERE synced AND NOT temporary",
                            Integer.class)));
  }
}
