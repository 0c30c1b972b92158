package dev.evenkeel.testing.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ExternalDatabaseSourceIT {

  private static PostgresServer server;

  @BeforeAll
  static void start() {
    server = PostgresServer.builder().start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void databasesAreCreatedOnTheServerThatTheUrlNames() throws SQLException {
    TestDatabase database = onRunningServer();

    DatabaseInfo created = database.createDatabase();

    assertThat(created.jdbcUrl()).startsWith(server.jdbcUrl("test_")).endsWith("?loginTimeout=5");
    try (Connection connection = created.connect()) {
      assertThat(connection.getCatalog()).isEqualTo(created.name());
    }
  }

  @Test
  void twoRunsOnOneServerDoNotMeet() {
    assertThat(onRunningServer().createDatabase().name())
        .isNotEqualTo(onRunningServer().createDatabase().name());
  }

  @Test
  void nothingIsLeftBehind() {
    TestDatabase database = onRunningServer();
    DatabaseInfo created = database.createDatabase();

    database.dropAll();

    assertThatThrownBy(created::connect).hasMessageContaining("does not exist");
  }

  private static TestDatabase onRunningServer() {
    DatabaseInfo maintenance = server.maintenanceDatabase();
    return new TestDatabase(
        ExternalDatabaseSource.of(
            maintenance.jdbcUrl() + "?loginTimeout=5",
            maintenance.username(),
            maintenance.password()));
  }
}
