package dev.evenkeel.migrations;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/**
 * Brings one database up to the framework's schema. Idempotent; any number of processes may call it
 * at the same time, one migrates and the others wait.
 *
 * @param schema the installation's schema, created if absent; lower-case letters, digits and
 *     underscores
 * @param applicationRole role that writes and handles messages, empty when it is the owner
 * @param relayRole role that publishes, empty when it is the owner
 * @param polling whether the relay may poll: then the outbox gets an index for it
 */
public record SchemaMigration(
    String schema, String applicationRole, String relayRole, boolean polling) {

  private static final Pattern SCHEMA = Pattern.compile("[a-z_][a-z0-9_]{0,39}");
  private static final Pattern ROLE = Pattern.compile("[^'\"$]{0,63}");

  /** Longest wait for another process that is migrating. */
  private static final String WAIT_FOR_OTHERS = "60s";

  public SchemaMigration {
    requireSchemaName(schema);
    requireRole("evenkeel.migration.application-role", applicationRole);
    requireRole("evenkeel.migration.relay-role", relayRole);
  }

  /** A migration for a relay that reads the WAL. */
  public SchemaMigration(String schema, String applicationRole, String relayRole) {
    this(schema, applicationRole, relayRole, false);
  }

  /** A migration without separate roles: the caller owns everything. */
  public SchemaMigration(String schema) {
    this(schema, "", "");
  }

  /**
   * Refuses a schema name that would need quoting or leave no room for derived names.
   *
   * @return the name
   * @throws IllegalArgumentException if the name is not usable
   */
  public static String requireSchemaName(String schema) {
    if (!SCHEMA.matcher(schema).matches()) {
      throw new IllegalArgumentException(
          "evenkeel.schema must be 1 to 40 lower-case letters, digits or underscores and not start"
              + " with a digit, was \""
              + schema
              + "\"");
    }
    return schema;
  }

  private static void requireRole(String property, String role) {
    if (!ROLE.matcher(role).matches()) {
      throw new IllegalArgumentException(
          property + " must be a role name without quotes or $, was \"" + role + "\"");
    }
  }

  /**
   * Migrates the database behind the data source. Opens its own connections; call it outside a
   * transaction.
   *
   * @throws org.flywaydb.core.api.FlywayException if a migration fails
   * @throws IllegalStateException if the database can't be reached or another process holds the
   *     migration lock for more than a minute
   */
  public void migrate(DataSource dataSource) {
    // Flyway locks its history table, but that table's schema has to exist first, and two processes
    // that create it at once collide. One advisory lock around everything keeps them apart.
    try (Connection lock = dataSource.getConnection()) {
      boolean autoCommit = lock.getAutoCommit();
      lock.setAutoCommit(true);
      lockMigration(lock);
      try {
        flyway(dataSource).migrate();
      } finally {
        unlockMigration(lock);
        lock.setAutoCommit(autoCommit);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(
          "Schema \"" + schema + "\" could not be migrated: " + e.getMessage(), e);
    }
  }

  private Flyway flyway(DataSource dataSource) {
    return Flyway.configure(SchemaMigration.class.getClassLoader())
        .dataSource(dataSource)
        .locations("classpath:db/evenkeel")
        .defaultSchema(schema)
        .schemas(schema)
        .createSchemas(true)
        .table("evenkeel_schema_history")
        .placeholders(
            Map.of(
                "applicationRole",
                applicationRole,
                "relayRole",
                relayRole,
                "polling",
                Boolean.toString(polling)))
        .load();
  }

  private void lockMigration(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = '" + WAIT_FOR_OTHERS + "'");
    }
    advisory(connection, "SELECT pg_advisory_lock(hashtextextended(?, 0))");
  }

  private void unlockMigration(Connection connection) throws SQLException {
    advisory(connection, "SELECT pg_advisory_unlock(hashtextextended(?, 0))");
    try (Statement statement = connection.createStatement()) {
      statement.execute("RESET lock_timeout");
    }
  }

  private void advisory(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, "evenkeel-migration:" + schema);
      statement.execute();
    }
  }
}
