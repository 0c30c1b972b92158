package dev.evenkeel.relay;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import org.springframework.jdbc.core.JdbcTemplate;

/** A database with the framework's schema, and what tests want to ask of it. */
final class Installation implements AutoCloseable {

  static final String SCHEMA = "evenkeel";

  private final DatabaseInfo database;
  private final boolean shared;
  private final HikariDataSource dataSource;

  private Installation(DatabaseInfo database, boolean shared) {
    this.database = database;
    this.shared = shared;
    this.dataSource = pool(database, 40);
  }

  /** In a new database of the shared server. */
  static Installation create() {
    return migrated(TestDatabase.shared().createDatabase(), true, false);
  }

  /** The same with what a polling relay wants. */
  static Installation polled() {
    return migrated(TestDatabase.shared().createDatabase(), true, true);
  }

  /** In a database of the test's own server. */
  static Installation in(DatabaseInfo database) {
    return migrated(database, false, false);
  }

  private static Installation migrated(DatabaseInfo database, boolean shared, boolean polled) {
    Installation installation = new Installation(database, shared);
    new SchemaMigration(SCHEMA, "", "", polled).migrate(installation.dataSource);
    installation.sql().execute("CREATE TABLE effect (message_id uuid, consumer text, n bigserial)");
    return installation;
  }

  static HikariDataSource pool(DatabaseInfo database, int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.jdbcUrl());
    config.setUsername(database.username());
    config.setPassword(database.password());
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(2_000);
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  DatabaseInfo database() {
    return database;
  }

  HikariDataSource dataSource() {
    return dataSource;
  }

  JdbcTemplate sql() {
    return new JdbcTemplate(dataSource);
  }

  ConnectionSettings settings() {
    return new ConnectionSettings(database.jdbcUrl(), database.username(), database.password());
  }

  String slotName() {
    return ReplicationSlot.name(database.name(), SCHEMA);
  }

  /** Ends the walsender, if any, and drops the replication slot. */
  void dropSlot() throws SQLException {
    try (Connection c = dataSource.getConnection()) {
      ReplicationSlot slot = ReplicationSlot.find(c, SCHEMA);
      if (slot == null) {
        return;
      }
      if (slot.activePid() != 0) {
        sql().query("SELECT pg_terminate_backend(?, 5000)", rs -> {}, slot.activePid());
      }
      ReplicationSlot.drop(c, SCHEMA);
    }
  }

  long count(String sql, Object... arguments) {
    Long count = sql().queryForObject(sql, Long.class, arguments);
    return count == null ? 0 : count;
  }

  /** Drops the database where the shared server made it for this installation. */
  @Override
  public void close() {
    dataSource.close();
    if (shared) {
      TestDatabase.shared().dropDatabase(database);
    }
  }
}
