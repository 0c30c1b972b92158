package dev.evenkeel.relay;

import dev.evenkeel.outbox.SessionNames;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;

/** Opens the relay's own sessions: direct, named, bounded on both sides, durable. */
final class RelayConnections {

  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final ConnectionSettings settings;
  private final String schema;
  private final Duration silence;

  /**
   * Makes the source of sessions.
   *
   * @param silence longest time a statement may stay without an answer; below the lease
   */
  RelayConnections(ConnectionSettings settings, String schema, Duration silence) {
    this.settings = settings;
    this.schema = schema;
    this.silence = silence;
  }

  /** A session of one term, bounded in every statement. */
  Connection open(long epoch, String purpose) throws SQLException {
    return open(SessionNames.of(schema, epoch, purpose), silence);
  }

  /** A session that leads nothing: not ended by a new leader. */
  Connection openStandby() throws SQLException {
    return open(SessionNames.prefix(schema) + "standby", silence);
  }

  /** A session for statements that may take long: making a replication slot, reading the ring. */
  Connection openPatient(long epoch, String purpose) throws SQLException {
    return open(SessionNames.of(schema, epoch, purpose), PATIENCE);
  }

  /** A session that can stream from a replication slot; of one term. */
  Connection openReplication(long epoch, String purpose) throws SQLException {
    Properties properties = properties(SessionNames.of(schema, epoch, purpose), silence);
    properties.setProperty(PGProperty.REPLICATION.getName(), "database");
    properties.setProperty(PGProperty.PREFER_QUERY_MODE.getName(), "simple");
    properties.setProperty(PGProperty.ASSUME_MIN_SERVER_VERSION.getName(), "14");
    return DriverManager.getConnection(settings.jdbcUrl(), properties);
  }

  private Properties properties(String name, Duration bound) {
    Properties properties = new Properties();
    properties.setProperty("user", settings.username());
    if (!settings.password().isEmpty()) {
      properties.setProperty("password", settings.password());
    }
    properties.setProperty("ApplicationName", name);
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", Long.toString(bound.toSeconds()));
    return properties;
  }

  private Connection open(String name, Duration bound) throws SQLException {
    Connection connection =
        DriverManager.getConnection(settings.jdbcUrl(), properties(name, bound));
    try {
      execute(
          connection,
          "SET synchronous_commit = on; SET default_transaction_isolation = 'read committed';"
              + " SET statement_timeout = "
              + bound.toMillis() / 2
              + "; SET lock_timeout = "
              + bound.toMillis() / 2);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  static void rename(Connection connection, String name) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT set_config('application_name', ?, false)")) {
      statement.setString(1, name);
      statement.execute();
    }
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Transactions that have been running longest and may hold something up; null: none does. */
  static @Nullable String oldestTransactions(Connection connection) throws SQLException {
    String sql =
        """
        SELECT string_agg(format('pid %s (%s, running since %s)', pid,
                                 coalesce(nullif(application_name, ''), usename::text, backend_type),
                                 to_char(xact_start, 'HH24:MI:SS')), ', ')
          FROM (SELECT pid::text, application_name, usename::text, backend_type, xact_start
                  FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
                 UNION ALL
                SELECT 'of prepared transaction ' || quote_literal(gid), '', owner::text, '', prepared FROM pg_prepared_xacts
                 ORDER BY xact_start LIMIT 3) AS oldest
        """;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
