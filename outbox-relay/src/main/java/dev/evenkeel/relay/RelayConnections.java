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
import org.postgresql.core.BaseConnection;

/** Opens the relay's own sessions: direct, named, bounded on both sides, durable. */
final class RelayConnections {

  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final ConnectionSettings settings;
  private final String schema;
  private final Duration silence;
  private final @Nullable String server;

  /**
   * Makes the source of sessions.
   *
   * @param silence longest time a statement may stay without an answer; below the lease
   */
  RelayConnections(ConnectionSettings settings, String schema, Duration silence) {
    this(settings, schema, silence, null);
  }

  private RelayConnections(
      ConnectionSettings settings, String schema, Duration silence, @Nullable String server) {
    this.settings = settings;
    this.schema = schema;
    this.silence = silence;
    this.server = server;
  }

  /**
   * Sessions on the server of this one and on no other, whatever the URL's hosts lead to meanwhile:
   * a snapshot taken on a primary says nothing of the rows of a standby.
   */
  RelayConnections sameServerAs(Connection session) throws SQLException {
    String host = session.unwrap(BaseConnection.class).getQueryExecutor().getHostSpec().toString();
    return new RelayConnections(settings.at(host), schema, silence, server(session));
  }

  /** How to reach that server. */
  ConnectionSettings settings() {
    return settings;
  }

  /** Tells a server from any other, and from itself before a restart. */
  private static String server(Connection session) throws SQLException {
    try (Statement statement = session.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT pg_postmaster_start_time()::text || CASE WHEN pg_is_in_recovery() THEN ', standby' ELSE ', primary' END")) {
      row.next();
      return row.getString(1);
    }
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
    if (settings.severalHosts()) {
      properties.setProperty("targetServerType", "primary"); // where the URL says nothing else
    }
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
      if (server != null && !server.equals(server(connection))) {
        throw new SQLException(
            "%s leads to another server than the lease's session".formatted(settings.jdbcUrl()));
      }
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

  /**
   * Transactions that have been running longest, or were prepared, and may hold something up; null:
   * none does.
   */
  static @Nullable String oldestTransactions(Connection connection) throws SQLException {
    String sql =
        """
        SELECT string_agg(who, ', ')
          FROM (SELECT format('pid %s (%s, running since %s)', pid,
                              coalesce(nullif(application_name, ''), usename::text, backend_type),
                              to_char(xact_start, 'HH24:MI:SS')) AS who, xact_start AS since
                  FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
                 UNION ALL
                SELECT format('the prepared transaction %s of database %s (since %s)', gid, database,
                              to_char(prepared, 'HH24:MI:SS')), prepared
                  FROM pg_prepared_xacts
                 ORDER BY since LIMIT 3) AS oldest
        """;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
