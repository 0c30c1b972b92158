package dev.evenkeel.testing.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("postgres-matrix")
class TestDatabaseIT {

  private final TestDatabase server = TestDatabase.shared();

  @Test
  void serverHasTheVersionThatTheRunAsksFor() {
    ServerVersion.assertExpected(server.maintenanceDatabase().dataSource());

    assertThat(server.major()).isEqualTo(ServerVersion.expectedMajor());
  }

  @Test
  void eachDatabaseIsFresh() throws SQLException {
    DatabaseInfo first = server.createDatabase();
    DatabaseInfo second = server.createDatabase();

    execute(first, "CREATE TABLE seen (id int)");

    assertThat(first.name()).isNotEqualTo(second.name());
    assertThat(query(second, "SELECT to_regclass('seen') IS NULL")).isEqualTo("t");
  }

  @Test
  void settingsSuitLogicalReplication() throws SQLException {
    DatabaseInfo database = server.maintenanceDatabase();

    assertThat(query(database, "SHOW wal_level")).isEqualTo("logical");
    assertThat(query(database, "SHOW max_replication_slots")).isEqualTo("40");
    assertThat(query(database, "SHOW max_wal_senders")).isEqualTo("40");
    assertThat(query(database, "SHOW max_connections")).isEqualTo("200");
    assertThat(query(database, "SHOW fsync")).isEqualTo("on");
  }

  @Test
  void aDatabaseIsDroppedWithItsSessionsAndReplicationSlots() throws SQLException {
    DatabaseInfo database = server.createDatabase();
    try (Connection session = database.connect()) {
      execute(database, "SELECT pg_create_logical_replication_slot('left_over', 'pgoutput')");

      server.dropDatabase(database);

      assertThat(session.isValid(5)).isFalse();
    }
    assertThatThrownBy(database::connect).hasMessageContaining("does not exist");
  }

  private static void execute(DatabaseInfo database, String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(DatabaseInfo database, String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
