package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What bin/doctor says of each state, and how it ends. */
@Tag("postgres-matrix")
class DoctorIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @Test
  void healthyInstallationIsSaidToBe() {
    try (Installation installation = Installation.create();
        RelayNode node = RelayNode.in(installation).named("orders-1").start()) {
      awaitPublished(installation);
      assertThat(examine(installation)).isEqualTo(DoctorCommand.HEALTHY);
      assertThat(report())
          .contains(
              "leader            orders-1, epoch 1, lease ends in",
              "owner             embedded",
              "streamed by pid",
              "everything written until",
              "HEALTHY")
          .doesNotContain("->");
      assertThat(node.relay().status().findings()).isEmpty();
    }
  }

  @Test
  void installationThatNobodyEverLedIsAWarning() {
    try (Installation installation = Installation.create()) {
      assertThat(examine(installation)).isEqualTo(DoctorCommand.WARNING);
      assertThat(report())
          .contains("no relay has led here so far", "leader            none so far");
    }
  }

  @Test
  void silenceAndAMissingReplicationSlotAreBroken() throws SQLException {
    try (Installation installation = Installation.create()) {
      ledOnce(installation);
      installation.dropSlot();
      installation
          .sql()
          .update(
              "UPDATE evenkeel.relay_state SET lease_until = clock_timestamp() - interval '1 s'");
      assertThat(examine(installation)).isEqualTo(DoctorCommand.BROKEN);
      assertThat(report())
          .contains(
              "BROKEN    nobody leads: node was the last one, and its lease has run out",
              "BROKEN    the replication slot is gone",
              "-> nothing is lost");
    }
  }

  @Test
  void databaseThatIsAwayIsBroken() {
    assertThat(run("jdbc:postgresql://127.0.0.1:1/nothing", "--user", "nobody"))
        .isEqualTo(DoctorCommand.BROKEN);
    assertThat(report()).contains("the database can't be asked", "look whether the server runs");
  }

  @Test
  void schemaThatIsNotThereIsBroken() {
    try (Installation installation = Installation.create()) {
      assertThat(examine(installation, "--schema", "elsewhere")).isEqualTo(DoctorCommand.BROKEN);
      assertThat(report()).contains("there is no schema elsewhere", "--schema");
    }
  }

  @Test
  void whatTheRoleMayNotSeeIsSaid() {
    try (Installation installation = Installation.create()) {
      ledOnce(installation);
      String role = "guest_" + UUID.randomUUID().toString().substring(0, 8);
      installation.sql().execute("CREATE ROLE %s LOGIN PASSWORD 'guest'".formatted(role));
      try {
        int exit =
            run(
                Map.of("GUEST", "guest"),
                installation.database().jdbcUrl(),
                "--user",
                role,
                "--password-env",
                "GUEST");
        assertThat(report())
            .contains(
                "NOT SEEN  relay_state: ERROR: permission denied", "connect as the relay's role")
            .contains("replication slot  " + installation.slotName());
        assertThat(exit).isEqualTo(DoctorCommand.WARNING);
      } finally {
        installation.sql().execute("DROP ROLE " + role);
      }
    }
  }

  @Test
  void whatTheServerLacksIsNamed() {
    try (PostgresServer server =
            PostgresServer.builder()
                .setting("wal_level", "replica")
                .setting("max_replication_slots", "0")
                .setting("max_wal_senders", "0")
                .start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      installation.sql().execute("DROP PUBLICATION evenkeel_outbox");
      assertThat(examine(installation)).isEqualTo(DoctorCommand.BROKEN);
      assertThat(report())
          .contains(
              "wal_level must be logical, was replica",
              "the publication evenkeel_outbox does not exist",
              "all 0 replication slots of the server are in use",
              "all 0 walsenders of the server are in use");
    }
  }

  @Test
  void retainedWalIsAWarningToTheDoctorAndInTheStatusAndNotBroken() {
    try (PostgresServer server =
            PostgresServer.builder().setting("max_slot_wal_keep_size", "64MB").start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      DoctorOptions strict = new DoctorOptions(1 << 20, 0.01);
      Ledger ledger = new Ledger(installation);
      try (RelayNode node =
              RelayNode.in(installation)
                  .handlers(ledger.firstConsumer())
                  .relay(o -> o.withDoctor(strict))
                  .start();
          Connection open = installation.database().connect()) {
        awaitPublished(installation);
        open.setAutoCommit(false); // what it began with is still needed to decode it
        RelayConnections.execute(open, "SELECT pg_logical_emit_message(true, 'noise', 'begin')");
        for (int n = 0; n < 4; n++) {
          installation
              .sql()
              .queryForList("SELECT pg_logical_emit_message(true, 'noise', repeat('x', 1048576))");
        }
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () ->
                    assertThat(node.relay().status().findings().toString())
                        .contains(
                            "above evenkeel.relay.doctor.retained-wal (1 MB)",
                            "% of max_slot_wal_keep_size (64 MB)"));
        assertThat(node.relay().status().findings()).noneMatch(RelayFinding::broken);
        assertThat(examine(installation, "--retained-wal", "1048576", "--retained-share", "0.01"))
            .isEqualTo(DoctorCommand.WARNING);
        assertThat(report()).contains("WARNING   the replication slot", "keeps").contains("of WAL");
        open.rollback();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void walThatTheNextCheckpointMayThrowAwayIsAWarning() {
    try (PostgresServer server =
            PostgresServer.builder()
                .setting("max_slot_wal_keep_size", "1MB")
                .setting("checkpoint_timeout", "1h")
                .setting("max_wal_size", "1GB") // no checkpoint comes before the doctor
                .start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      ledOnce(installation);
      for (int n = 0; n < 4; n++) {
        installation.sql().queryForList("SELECT pg_logical_emit_message(false, 'noise', 'noise')");
        installation.sql().queryForList("SELECT pg_switch_wal()");
      }
      examine(installation);
      assertThat(report())
          .contains("the next checkpoint may throw away WAL that the replication slot");
    }
  }

  @Test
  void preparedTransactionIsNamed() {
    try (PostgresServer server =
            PostgresServer.builder().setting("max_prepared_transactions", "2").start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      installation
          .sql()
          .execute("BEGIN; CREATE TABLE forgotten (id int); PREPARE TRANSACTION 'forgotten'");
      try (RelayNode node = RelayNode.in(installation).start()) {
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () ->
                    assertThat(node.relay().status().findings().toString())
                        .contains("is held up by the prepared transaction forgotten"));
      }
    }
  }

  @Test
  void pollingWithoutItsIndexAndWithAReplicationSlotIsAWarning() throws SQLException {
    try (Installation installation = Installation.create()) {
      ledOnce(installation);
      installation
          .sql()
          .update(
              "UPDATE evenkeel.relay_state SET mode = 'polling', lease_until = clock_timestamp() + interval '1 min'");
      assertThat(examine(installation)).isEqualTo(DoctorCommand.WARNING);
      assertThat(report())
          .contains(
              "the index evenkeel.outbox_xid is missing, and the relay polls",
              "of WAL that nobody reads, because the relay polls");
    }
  }

  /** A relay that polls drops the replication slot as soon as it can. */
  @Test
  void relayThatPollsIsRidOfItsReplicationSlotOnceNobodyIsOnIt() throws SQLException {
    try (Installation installation = Installation.create()) {
      ledOnce(installation);
      try (RelayNode node =
          RelayNode.in(installation).relay(o -> o.withMode(RelayMode.POLLING)).start()) {
        await()
            .atMost(SOON)
            .until(
                () ->
                    installation.count(
                            "SELECT count(*) FROM pg_replication_slots WHERE slot_name = ?",
                            installation.slotName())
                        == 0);
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () ->
                    assertThat(node.relay().status().findings())
                        .singleElement()
                        .asString()
                        .contains("the index evenkeel.outbox_xid is missing"));
        assertThat(node.relay().status().gaps()).isZero();
      }
    }
  }

  @Test
  void standbysThatTheReplicationSlotDoesNotFollowAreNamed() {
    try (PostgresServer server = PostgresServer.builder().start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      assumeTrue(server.major() >= 17, "replication slots follow a failover from 17 on");
      ledOnce(installation);
      installation.sql().queryForList("SELECT pg_create_physical_replication_slot('standby')");
      examine(installation);
      assertThat(report())
          .contains("synchronized_standby_slots is empty, and there are standbys (standby)");

      installation
          .sql()
          .queryForList("SELECT pg_drop_replication_slot(?)", installation.slotName());
      installation
          .sql()
          .queryForList(
              "SELECT pg_create_logical_replication_slot(?, 'pgoutput')", installation.slotName());
      examine(installation);
      assertThat(report()).contains("does not follow a failover, and there are standbys (standby)");
    }
  }

  @Test
  void standbyIsNamedAndWhatItsPromotionWouldMean() throws SQLException {
    try (PostgresServer primary = PostgresServer.builder().start();
        Installation installation = Installation.in(primary.createDatabase("app"))) {
      ledOnce(installation);
      installation.dataSource().getHikariPoolMXBean().softEvictConnections();
      try (PostgresServer standby =
          PostgresServer.builder().standbyOf(primary, "standby").start()) {
        DatabaseInfo there = standby.database("app");
        int exit = run(Map.of(), there.jdbcUrl(), "--user", there.username());
        assertThat(report()).contains(", standby, database app");
        if (primary.major() >= 17) {
          assertThat(report()).contains("the replication slot is not synchronised to this standby");
          assertThat(exit).isEqualTo(DoctorCommand.WARNING);
        } else {
          assertThat(report()).contains("before 17 no replication slot follows");
        }
      }
    }
  }

  @Test
  void wrongArgumentsAreSaidWithTheHelp() {
    assertThat(run("--schema")).isEqualTo(DoctorCommand.USAGE);
    assertThat(run("jdbc:mysql://x/y")).isEqualTo(DoctorCommand.USAGE);
    assertThat(run("jdbc:postgresql://x/y", "--password-env", "NOT_SET"))
        .isEqualTo(DoctorCommand.USAGE);
    assertThat(report()).contains("which is not set", "bin/doctor <jdbc url>");
    assertThat(run("--help")).isEqualTo(DoctorCommand.HEALTHY);
  }

  @Test
  void doctorCannotWrite() {
    try (Installation installation = Installation.create()) {
      ledOnce(installation);
      String before = rows(installation);
      examine(installation);
      assertThat(rows(installation)).isEqualTo(before);
    }
  }

  private static String rows(Installation installation) {
    return installation.sql().queryForList("SELECT s::text, ctid, xmin FROM evenkeel.relay_state s")
        + installation
            .sql()
            .queryForList(
                "SELECT slot_name, restart_lsn FROM pg_replication_slots WHERE database = current_database()")
            .toString();
  }

  private static void ledOnce(Installation installation) {
    try (RelayNode node = RelayNode.in(installation).start()) {
      awaitPublished(installation);
      assertThat(node.relay().status().state()).isEqualTo(RelayState.STREAMING);
    }
    await()
        .atMost(SOON)
        .until(
            () ->
                installation.count(
                        "SELECT count(*) FROM pg_replication_slots WHERE slot_name = ? AND active",
                        installation.slotName())
                    == 0);
  }

  private static void awaitPublished(Installation installation) {
    await()
        .atMost(SOON)
        .until(
            () ->
                installation.count(
                        "SELECT count(*) FROM evenkeel.relay_state WHERE NOT reconciling AND published IS NOT NULL")
                    == 1);
  }

  private int examine(Installation installation, String... more) {
    DatabaseInfo database = installation.database();
    String[] arguments = new String[more.length + 5];
    arguments[0] = database.jdbcUrl();
    arguments[1] = "--user";
    arguments[2] = database.username();
    arguments[3] = "--password-env";
    arguments[4] = "SECRET";
    System.arraycopy(more, 0, arguments, 5, more.length);
    return run(Map.of("SECRET", database.password()), arguments);
  }

  private int run(String... arguments) {
    return run(Map.of(), arguments);
  }

  private int run(Map<String, String> environment, String... arguments) {
    out.reset();
    PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
    return new DoctorCommand(environment, print, print).run(arguments);
  }

  private String report() {
    return out.toString(StandardCharsets.UTF_8);
  }
}
