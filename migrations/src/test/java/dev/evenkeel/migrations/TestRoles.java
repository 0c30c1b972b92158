package dev.evenkeel.migrations;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.SQLException;
import java.util.UUID;

/**
 * Owner, application and relay as an administrator makes them; roles outlive databases, so close
 * it.
 */
record TestRoles(DatabaseInfo database, String owner, String application, String relay)
    implements AutoCloseable {

  private static final String PASSWORD = "secret";

  static TestRoles create() throws SQLException {
    String suffix = UUID.randomUUID().toString().substring(0, 8);
    TestRoles roles =
        new TestRoles(
            TestDatabase.shared().createDatabase(),
            "owner_" + suffix,
            "application_" + suffix,
            "relay_" + suffix);
    Sql.execute(
        roles.database,
        "CREATE ROLE %s LOGIN PASSWORD '%s'".formatted(roles.owner, PASSWORD),
        "CREATE ROLE %s LOGIN PASSWORD '%s'".formatted(roles.application, PASSWORD),
        "CREATE ROLE %s LOGIN REPLICATION PASSWORD '%s'".formatted(roles.relay, PASSWORD),
        "GRANT CREATE ON DATABASE %s TO %s".formatted(roles.database.name(), roles.owner));
    return roles;
  }

  /** What only an administrator or the application role's own administrator may grant. */
  void makeRelayMemberOfApplication() throws SQLException {
    Sql.execute(database, "GRANT %s TO %s".formatted(application, relay));
  }

  DatabaseInfo as(String role) {
    return new DatabaseInfo(database.name(), database.jdbcUrl(), role, PASSWORD);
  }

  @Override
  public void close() throws SQLException {
    TestDatabase.shared().dropDatabase(database);
    Sql.execute(
        TestDatabase.shared().maintenanceDatabase(),
        "DROP ROLE %s, %s, %s".formatted(owner, application, relay));
  }
}
