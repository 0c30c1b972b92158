package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A fresh database for one measurement; closing drops it with its replication slots. */
final class BenchDatabase implements AutoCloseable {

  /** Numbers of a server that may lose commits mean nothing. */
  private static final Map<String, String> REQUIRED =
      Map.of("fsync", "on", "synchronous_commit", "on", "wal_level", "logical");

  private final DatabaseInfo info;

  private final Consumer<DatabaseInfo> drop;

  private BenchDatabase(DatabaseInfo info, Consumer<DatabaseInfo> drop) {
    this.info = info;
    this.drop = drop;
  }

  static BenchDatabase create() throws SQLException {
    TestDatabase server = TestDatabase.shared();
    return durable(new BenchDatabase(server.createDatabase(), server::dropDatabase));
  }

  /** On a server of one's own, with which it ends. */
  static BenchDatabase on(PostgresServer server, String name) throws SQLException {
    return durable(new BenchDatabase(server.createDatabase(name), info -> {}));
  }

  /** The same, but closing drops it with its replication slots. */
  static BenchDatabase temporary(PostgresServer server, String name) throws SQLException {
    return durable(new BenchDatabase(server.createDatabase(name), info -> drop(server, info)));
  }

  private static void drop(PostgresServer server, DatabaseInfo database) {
    BenchDatabase maintenance = new BenchDatabase(server.maintenanceDatabase(), info -> {});
    try {
      String name = database.name();
      maintenance.execute(
          "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '%s'"
              .formatted(name));
      maintenance.execute(
          "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '%s'"
              .formatted(name));
      maintenance.execute("DROP DATABASE %s WITH (FORCE)".formatted(database.name()));
    } catch (SQLException e) {
      throw new IllegalStateException("%s could not be dropped".formatted(database), e);
    }
  }

  /** One that another process has made and will drop. */
  static BenchDatabase at(DatabaseInfo info) throws SQLException {
    return durable(new BenchDatabase(info, database -> {}));
  }

  private static BenchDatabase durable(BenchDatabase database) throws SQLException {
    for (Map.Entry<String, String> setting : REQUIRED.entrySet()) {
      String actual = database.text("SHOW " + setting.getKey());
      if (!actual.equals(setting.getValue())) {
        throw new IllegalStateException(
            "The server's %s must be %s, was %s"
                .formatted(setting.getKey(), setting.getValue(), actual));
      }
    }
    return database;
  }

  DatabaseInfo info() {
    return info;
  }

  /**
   * A pool of connections, to be closed before the database is.
   *
   * @param size most connections, all of them kept open
   */
  HikariDataSource pool(int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(info.jdbcUrl());
    config.setUsername(info.username());
    config.setPassword(info.password());
    config.setMaximumPoolSize(size);
    return new HikariDataSource(config);
  }

  /**
   * Begins every measurement alike: a checkpoint behind it, and the JVM's garbage of the last one
   * gone.
   */
  void settle() throws SQLException {
    execute("CHECKPOINT");
    System.gc();
  }

  void execute(String sql) throws SQLException {
    try (Connection connection = info.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Several statements in one session, each in a transaction of its own or several. */
  void execute(List<String> statements) throws SQLException {
    try (Connection connection = info.connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  String text(String query) throws SQLException {
    try (Connection connection = info.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  @Override
  public void close() {
    drop.accept(info);
  }
}
