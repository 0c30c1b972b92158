package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One or several databases on one server, each with the framework's tables and the effects'. */
final class SagaDatabases implements AutoCloseable {

  static final String SCHEMA = "evenkeel";

  /** A step's business insert. */
  static final String INSERT_EFFECT =
      "INSERT INTO bench_effect (saga, step, account, cents) VALUES (?, ?, ?, ?)";

  private static final String EFFECTS =
      """
      CREATE TABLE bench_effect (
          saga    bigint NOT NULL,
          step    text   NOT NULL,
          account text   NOT NULL,
          cents   bigint NOT NULL,
          PRIMARY KEY (saga, step)
      )
      """;

  private static final List<String> SAGA_TABLES =
      List.of(
          "saga_key",
          "saga_instance",
          "saga_wake",
          "saga_event",
          "saga_timer",
          "saga_step",
          "saga_call");

  private static final String COMMITS =
      "SELECT sum(xact_commit)::bigint FROM pg_stat_database WHERE datname = ANY (?)";

  private static final String SESSIONS =
      """
      SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity
       WHERE datname = ANY (?) AND backend_type = 'client backend'
      """;

  private static final String LIVING_SESSIONS =
      "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (?)";

  /** A session that has been idle for 10 s reports what it has counted. */
  private static final Duration SESSIONS_REPORT = Duration.ofSeconds(11);

  private final List<BenchDatabase> databases = new ArrayList<>();
  private final PostgresServer server;
  private final List<HikariDataSource> pools = new ArrayList<>();

  private SagaDatabases(PostgresServer server) {
    this.server = server;
  }

  /**
   * Makes fresh databases.
   *
   * @param name of all of them, with a number behind it
   */
  static SagaDatabases create(PostgresServer server, String name, int count) throws SQLException {
    SagaDatabases result = new SagaDatabases(server);
    for (int n = 0; n < count; n++) {
      BenchDatabase database = BenchDatabase.on(server, name + "_" + n);
      result.databases.add(database);
      database.execute(EFFECTS);
      new SchemaMigration(SCHEMA).migrate(database.info().dataSource());
    }
    return result;
  }

  /** Opens a pool for each database; they end with the databases. */
  List<HikariDataSource> openPools(int size) {
    for (BenchDatabase database : databases) {
      pools.add(database.pool(size));
    }
    return List.copyOf(pools);
  }

  List<DatabaseInfo> infos() {
    return databases.stream().map(BenchDatabase::info).toList();
  }

  BenchDatabase database(int index) {
    return databases.get(index);
  }

  /** Inserts a step's effect, in the transaction of the connection. */
  static void insertEffect(Connection connection, long saga, String step) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(INSERT_EFFECT)) {
      insert.setLong(1, saga);
      insert.setString(2, step);
      insert.setString(3, accountOf(saga));
      insert.setLong(4, centsOf(saga));
      insert.executeUpdate();
    }
  }

  static String accountOf(long saga) {
    return "account-" + saga % 1_000;
  }

  static long centsOf(long saga) {
    return saga % 10_000;
  }

  /** Empties all tables and lets the databases settle; no saga may be under way. */
  void reset() throws SQLException {
    for (BenchDatabase database : databases) {
      database.execute("TRUNCATE bench_effect");
      for (String table : SAGA_TABLES) {
        // Each by itself: several locks in one transaction may end in a deadlock with an engine.
        database.execute("TRUNCATE %s.%s".formatted(SCHEMA, table));
      }
      database.settle();
    }
  }

  long effects() throws SQLException {
    return sum("SELECT count(*) FROM bench_effect");
  }

  /** Instances that have ended in this state. */
  long instances(String state) throws SQLException {
    return sum("SELECT count(*) FROM %s.saga_instance WHERE state = '%s'".formatted(SCHEMA, state));
  }

  /**
   * Commits on all databases since they were made, after ending the pools' idle sessions: sessions
   * report what they count late, but at their end.
   */
  long commits() throws SQLException, InterruptedException {
    try (Connection connection = server.maintenanceDatabase().connect()) {
      Array names =
          connection.createArrayOf(
              "text", databases.stream().map(database -> database.info().name()).toArray());
      Array sessions = array(connection, SESSIONS, names);
      pools.forEach(pool -> pool.getHikariPoolMXBean().softEvictConnections());
      long deadline = System.nanoTime() + SESSIONS_REPORT.toNanos();
      while (number(connection, LIVING_SESSIONS, sessions) > 0 && System.nanoTime() < deadline) {
        Thread.sleep(10);
      }
      return number(connection, COMMITS, names);
    }
  }

  private static Array array(Connection connection, String query, Array parameter)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setArray(1, parameter);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getArray(1);
      }
    }
  }

  private static long number(Connection connection, String query, Array parameter)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setArray(1, parameter);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private long sum(String query) throws SQLException {
    long sum = 0;
    for (BenchDatabase database : databases) {
      sum += Long.parseLong(database.text(query));
    }
    return sum;
  }

  @Override
  public void close() {
    pools.forEach(HikariDataSource::close);
    databases.forEach(BenchDatabase::close);
  }
}
