package dev.evenkeel.testing.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Creates and drops databases, over a session on a server's maintenance database. */
final class DatabaseCatalogue {

  private static final String TERMINATE_SESSIONS =
      """
      SELECT pg_terminate_backend(pid, 10000)
        FROM pg_stat_activity
       WHERE datname = ? AND pid <> pg_backend_pid()
      """;

  /** A database with replication slots cannot be dropped. */
  private static final String DROP_REPLICATION_SLOTS =
      """
      SELECT pg_drop_replication_slot(slot_name)
        FROM pg_replication_slots
       WHERE database = ?
      """;

  private final DatabaseInfo maintenance;

  DatabaseCatalogue(DatabaseInfo maintenance) {
    this.maintenance = maintenance;
  }

  void create(String name) {
    try (Connection connection = maintenance.connect()) {
      create(connection, name);
    } catch (SQLException e) {
      throw new PostgresException("The database %s could not be created".formatted(name), e);
    }
  }

  void createIfMissing(String name) {
    try (Connection connection = maintenance.connect()) {
      if (!exists(connection, name)) {
        create(connection, name);
      }
    } catch (SQLException e) {
      throw new PostgresException("The database %s could not be created".formatted(name), e);
    }
  }

  void drop(String name) {
    try (Connection connection = maintenance.connect()) {
      query(connection, TERMINATE_SESSIONS, name);
      query(connection, DROP_REPLICATION_SLOTS, name);
      try (Statement statement = connection.createStatement()) {
        statement.execute("DROP DATABASE IF EXISTS " + identifier(name) + " WITH (FORCE)");
      }
    } catch (SQLException e) {
      throw new PostgresException("The database %s could not be dropped".formatted(name), e);
    }
  }

  /** Makes a physical replication slot that keeps WAL from now on. */
  void createPhysicalSlot(String name) {
    try (Connection connection = maintenance.connect()) {
      query(connection, "SELECT pg_create_physical_replication_slot(?, true)", name);
    } catch (SQLException e) {
      throw new PostgresException("The replication slot %s could not be made".formatted(name), e);
    }
  }

  void promote() {
    try (Connection connection = maintenance.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_promote(true, 60)")) {
      if (!row.next() || !row.getBoolean(1)) {
        throw new PostgresException("The standby was not promoted within a minute");
      }
    } catch (SQLException e) {
      throw new PostgresException("The server could not be promoted", e);
    }
  }

  private static void create(Connection connection, String name) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + identifier(name));
    }
  }

  private static boolean exists(Connection connection, String name) throws SQLException {
    return query(connection, "SELECT 1 FROM pg_database WHERE datname = ?", name);
  }

  /** Runs a query to its end; whether it had rows. */
  private static boolean query(Connection connection, String sql, String name) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, name);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next();
      }
    }
  }

  private static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }
}
