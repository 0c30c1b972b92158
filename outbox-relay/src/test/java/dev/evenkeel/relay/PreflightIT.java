package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.replication.PGReplicationStream;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * What keeps a relay from working is named with its remedy, and once it is gone the relay works.
 */
class PreflightIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  @Test
  void walLevelThatIsTooLowIsNamed() {
    try (PostgresServer server = PostgresServer.builder().setting("wal_level", "replica").start();
        Installation installation = Installation.in(server.createDatabase("app"));
        RelayNode node = RelayNode.in(installation).start()) {
      awaitFinding(node, "wal_level must be logical, was replica");

      installation.sql().execute("ALTER SYSTEM SET wal_level = logical");
      server.restart();
      awaitStreaming(node);
    }
  }

  @Test
  void databaseThatIsAwayAtTheStartIsWaitedFor() {
    try (PostgresServer server = PostgresServer.builder().start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      Ledger ledger = new Ledger(installation);
      server.stop(PostgresServer.Mode.FAST);
      try (RelayNode node = RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
        awaitFinding(node, "the database can't be asked");
        assertThat(node.relay().status().state()).isEqualTo(RelayState.STANDBY);

        server.start();
        awaitStreaming(node);
        node.publish(new Counted("k", 1));
        await().atMost(SOON).until(() -> ledger.handled("first") == 1);
      }
    }
  }

  @Test
  void missingReplicationAndPrivilegesAreNamed() {
    try (Installation installation = Installation.create();
        Roles roles = new Roles(installation)) {
      // The application's role is not made for leading.
      try (RelayNode node =
          RelayNode.in(installation).settings(roles.settings(roles.application)).start()) {
        awaitFinding(
            node,
            "the role %s lacks REPLICATION; grant it with ALTER ROLE %s REPLICATION"
                .formatted(roles.application, roles.application));
        awaitFinding(node, "lacks UPDATE on outbox_bucket in schema evenkeel");
      }
    }
  }

  @Test
  void missingPublicationIsNamedWithTheStatementThatMakesIt() {
    try (Installation installation = Installation.create()) {
      installation.sql().execute("DROP PUBLICATION evenkeel_outbox");
      try (RelayNode node = RelayNode.in(installation).start()) {
        String remedy =
            "CREATE PUBLICATION evenkeel_outbox FOR TABLE evenkeel.outbox WITH (publish = 'insert', publish_via_partition_root = true)";
        awaitFinding(
            node, "the publication evenkeel_outbox does not exist; make it with " + remedy);

        installation.sql().execute("CREATE PUBLICATION evenkeel_outbox FOR TABLE evenkeel.outbox");
        awaitFinding(node, "publishes more than inserts, lacks publish_via_partition_root");

        installation.sql().execute("DROP PUBLICATION evenkeel_outbox");
        installation
            .sql()
            .execute(
                "CREATE PUBLICATION evenkeel_outbox WITH (publish = 'insert', publish_via_partition_root = true)");
        awaitFinding(node, "lacks the outbox");

        installation.sql().execute("DROP PUBLICATION evenkeel_outbox");
        installation.sql().execute(remedy);
        awaitStreaming(node);
      }
    }
  }

  @Test
  void replicationSlotOfAnotherKindIsNamed() {
    try (Installation installation = Installation.create()) {
      String slot = installation.slotName();
      installation.sql().queryForList("SELECT pg_create_physical_replication_slot(?)", slot);
      try (RelayNode node = RelayNode.in(installation).start()) {
        awaitFinding(
            node, "the replication slot " + slot + " is of physical replication, not of pgoutput");
        awaitFinding(node, "drop it with SELECT pg_drop_replication_slot('" + slot + "')");

        installation.sql().queryForList("SELECT pg_drop_replication_slot(?)", slot);
        awaitStreaming(node);
      }
    }
  }

  @Test
  void replicationSlotOfAnotherDatabaseIsNamed() throws SQLException {
    try (Installation installation = Installation.create();
        Installation other = Installation.create()) {
      String slot = installation.slotName();
      other.sql().queryForList("SELECT pg_create_logical_replication_slot(?, 'pgoutput')", slot);
      try (RelayNode node = RelayNode.in(installation).start()) {
        awaitFinding(node, "is of pgoutput in database " + other.database().name());

        other.sql().queryForList("SELECT pg_drop_replication_slot(?)", slot);
        awaitStreaming(node);
      }
    }
  }

  @Test
  void strangerOnTheReplicationSlotIsEndedWhereThatIsAllowed() throws Exception {
    try (Installation installation = Installation.create()) {
      makeSlot(installation);
      try (Connection stranger = replication(installation.database());
          PGReplicationStream stream = stream(stranger, installation.slotName())) {
        assertThat(stream.isClosed()).isFalse();
        try (RelayNode node = RelayNode.in(installation).start()) {
          awaitStreaming(node);
          assertThat(node.relay().status().gaps()).isZero();
        }
      } catch (SQLException e) {
        assertThat(e.getMessage()).isNotBlank(); // closing what was ended fails
      }
    }
  }

  @Test
  void strangerOnTheReplicationSlotWhoMayNotBeEndedIsNamed() throws Exception {
    try (Installation installation = Installation.create();
        Roles roles = new Roles(installation)) {
      makeSlot(installation);
      Connection stranger = replication(installation.database()); // a superuser's
      stream(stranger, installation.slotName());
      try (RelayNode node =
          RelayNode.in(installation).settings(roles.settings(roles.relay)).start()) {
        awaitFinding(
            node,
            "the replication slot %s is in use by pid %d"
                .formatted(installation.slotName(), walsender(installation)));

        stranger.close();
        awaitStreaming(node);
      }
    }
  }

  @Test
  void secondNodeFollowsAndSaysWhom() {
    try (Installation installation = Installation.create();
        RelayNode first = RelayNode.in(installation).named("first").start()) {
      awaitStreaming(first);
      try (RelayNode second = RelayNode.in(installation).named("second").start()) {
        await().atMost(SOON).until(() -> "first".equals(second.relay().status().leader()));
        assertThat(second.relay().status().state()).isEqualTo(RelayState.STANDBY);
        assertThat(second.relay().status().findings()).isEmpty();
        assertThat(second.relay().status().epoch()).isZero();

        first.close();
        awaitStreaming(second);
        assertThat(second.relay().status().leader()).isEqualTo("second");
      }
    }
  }

  @Test
  void transactionThatHoldsUpTheReplicationSlotIsNamedAndItsMessageArrives() throws SQLException {
    try (Installation installation = Installation.create();
        Connection holder = installation.database().connect()) {
      Ledger ledger = new Ledger(installation);
      holder.setAutoCommit(false);
      RelayConnections.execute(
          holder,
          """
          INSERT INTO evenkeel.outbox (id, aggregatetype, aggregateid, type, version, slot, payload)
          VALUES (gen_random_uuid(), 'counter', 'k', 'counted', 1, 0, '{"key":"k","version":1}')
          """);
      try (RelayNode node = RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
        awaitFinding(node, "making the replication slot is held up by pid " + pid(holder));
        assertThat(node.relay().status().state()).isEqualTo(RelayState.PREPARING);

        holder.commit();
        awaitStreaming(node);
        await().atMost(SOON).until(() -> ledger.handled("first", "k").size() == 1);
        node.publish(new Counted("k", 2));
        await().atMost(SOON).until(() -> ledger.handled("first", "k").size() == 2);
        assertThat(ledger.attempts("first", "k")).containsExactly(1L, 2L);
        assertThat(node.relay().status().gaps()).isZero();
      }
    }
  }

  @Test
  void leastPrivilegedRolesAreEnoughForTheWholeWayAndForATakeover() throws SQLException {
    try (Installation installation = Installation.create();
        Roles roles = new Roles(installation);
        HikariDataSource application = Installation.pool(roles.as(roles.application), 10)) {
      Ledger ledger = ledgerOf(installation, roles, application);
      ledger.second(Ledger.failing("poison"));
      // Not the present bucket, so that the janitor may empty it.
      installation
          .sql()
          .execute(
              "ALTER TABLE evenkeel.outbox ALTER bucket SET DEFAULT ((floor(extract(epoch FROM clock_timestamp()) / 3600)::bigint + 8) % 16)::smallint");
      try (RelayNode node = node(installation, roles, application, ledger)) {
        node.publish(new Counted("k", 1), new Counted("poison", 1));
        await().atMost(SOON).until(() -> ledger.handled("first") == 2);
        await().atMost(SOON).until(() -> ledger.handled("second") == 1);
        await().atMost(SOON).until(() -> node.parked().deadLetters(1).size() == 1);
        assertThat(node.relay().lag().retainedBytes()).isPositive();
        await()
            .atMost(SOON)
            .until(() -> installation.count("SELECT count(*) FROM evenkeel.outbox") == 0);
        ledger.second(Ledger.Behaviour.FINE);
        node.parked()
            .retry("second", node.parked().deadLetters(1).get(0).message().id(), "operator");
        await().atMost(SOON).until(() -> ledger.handled("second") == 2);
      }
      // What a leader that was cut off left behind: a handler's session of its term.
      try (Connection leftBehind = roles.as(roles.application).connect()) {
        RelayConnections.rename(leftBehind, "evenkeel:evenkeel:1:handler");
        int pid = pid(leftBehind);
        try (RelayNode node = node(installation, roles, application, ledger)) {
          awaitStreaming(node);
          assertThat(installation.count("SELECT count(*) FROM pg_stat_activity WHERE pid = ?", pid))
              .isZero();
          node.publish(new Counted("k", 2));
          await().atMost(SOON).until(() -> ledger.handled("first", "k").size() == 2);
        }
      }
    }
  }

  private static RelayNode node(
      Installation installation, Roles roles, HikariDataSource application, Ledger ledger) {
    return RelayNode.in(installation)
        .settings(roles.settings(roles.relay))
        .dataSource(application)
        .handlers(ledger.firstConsumer(), ledger.secondConsumer())
        .lanes(
            new LaneOptions(
                4,
                1,
                Duration.ZERO,
                1,
                Duration.ofMillis(20),
                Duration.ofMillis(100),
                Duration.ofSeconds(1),
                Duration.ofSeconds(2)))
        .relay(
            o ->
                new RelayOptions(
                    o.schema(),
                    o.node(),
                    o.lease(),
                    o.contend(),
                    o.heartbeat(),
                    o.pollInterval(),
                    o.maxInFlight(),
                    o.maxInFlightBytes(),
                    o.drain(),
                    new JanitorOptions(Duration.ofMillis(100), Duration.ZERO, Duration.ofDays(10))))
        .start();
  }

  /**
   * The application's own table belongs to the administrator here, and the application may write.
   */
  private static Ledger ledgerOf(
      Installation installation, Roles roles, HikariDataSource application) {
    Ledger owners = new Ledger(installation);
    assertThat(owners.handled("first")).isZero();
    installation.sql().execute("GRANT SELECT, INSERT ON handled TO " + roles.application);
    installation.sql().execute("GRANT USAGE ON SEQUENCE handled_n_seq TO " + roles.application);
    return Ledger.onExistingTable(new JdbcTemplate(application));
  }

  /** The roles of a least-privilege installation; they outlive databases, so close it. */
  private static final class Roles implements AutoCloseable {

    private static final String PASSWORD = "secret";

    private final Installation installation;
    private final String application;
    private final String relay;

    Roles(Installation installation) {
      this.installation = installation;
      String suffix = UUID.randomUUID().toString().substring(0, 8);
      application = "application_" + suffix;
      relay = "relay_" + suffix;
      JdbcTemplate sql = installation.sql();
      sql.execute("CREATE ROLE %s LOGIN PASSWORD '%s'".formatted(application, PASSWORD));
      sql.execute("CREATE ROLE %s LOGIN REPLICATION PASSWORD '%s'".formatted(relay, PASSWORD));
      new SchemaMigration(Installation.SCHEMA, application, relay)
          .migrate(installation.dataSource());
    }

    DatabaseInfo as(String role) {
      DatabaseInfo database = installation.database();
      return new DatabaseInfo(database.name(), database.jdbcUrl(), role, PASSWORD);
    }

    ConnectionSettings settings(String role) {
      return new ConnectionSettings(installation.database().jdbcUrl(), role, PASSWORD);
    }

    @Override
    public void close() {
      installation.sql().execute("DROP OWNED BY %s, %s".formatted(application, relay));
      installation.sql().execute("DROP ROLE %s, %s".formatted(application, relay));
    }
  }

  private static void awaitFinding(RelayNode node, String text) {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(
            () -> assertThat(node.relay().status().findings().toString()).contains(text));
  }

  private static void awaitStreaming(RelayNode node) {
    await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.STREAMING);
    assertThat(node.relay().status().findings()).isEmpty();
  }

  /** Has a first leader make the replication slot and go. */
  private static void makeSlot(Installation installation) {
    try (RelayNode node = RelayNode.in(installation).start()) {
      awaitStreaming(node);
    }
    await().atMost(SOON).until(() -> walsender(installation) == 0);
  }

  private static long walsender(Installation installation) {
    return installation.count(
        "SELECT coalesce(max(active_pid), 0) FROM pg_replication_slots WHERE slot_name = ?",
        installation.slotName());
  }

  private static Connection replication(DatabaseInfo database) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", database.username());
    properties.setProperty("password", database.password());
    properties.setProperty("replication", "database");
    properties.setProperty("assumeMinServerVersion", "14");
    properties.setProperty("preferQueryMode", "simple");
    return DriverManager.getConnection(database.jdbcUrl(), properties);
  }

  private static PGReplicationStream stream(Connection connection, String slot)
      throws SQLException {
    return connection
        .unwrap(PGConnection.class)
        .getReplicationAPI()
        .replicationStream()
        .logical()
        .withSlotName(slot)
        .withSlotOption("proto_version", 1)
        .withSlotOption("publication_names", "evenkeel_outbox")
        .start();
  }

  private static int pid(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getInt(1);
    }
  }
}
