package dev.evenkeel.autoconfigure;

import dev.evenkeel.relay.ConnectionSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Asks a shard whether it is there, on a session of its own: a pool with no connection to spare is
 * busy, and not down. Asked by one thread at a time, closed by any.
 */
final class ShardProbe implements AutoCloseable {

  private static final String PATIENCE_SECONDS = "2";

  private final ConnectionSettings settings;
  private final String sessionName;
  private volatile @Nullable Connection session;

  ShardProbe(ConnectionSettings settings, String sessionName) {
    this.settings = settings;
    this.sessionName = sessionName;
  }

  /**
   * What the server says of its connections.
   *
   * @param server tells servers apart, because two shards may live on one
   * @param most connections that applications can have
   */
  record Connections(String server, int most) {}

  /**
   * Asks.
   *
   * @throws SQLException if it does not answer
   */
  Connections ask() throws SQLException {
    Connection c = session;
    if (c == null) {
      c = open();
      session = c;
    }
    try (Statement statement = c.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT coalesce(host(inet_server_addr()), 'local') || ':' || coalesce(inet_server_port(), 0)
                       || ' started ' || pg_postmaster_start_time(),
                       current_setting('max_connections')::int
                       - current_setting('superuser_reserved_connections')::int
                """)) {
      row.next();
      return new Connections(row.getString(1), row.getInt(2));
    } catch (SQLException e) {
      close();
      throw e;
    }
  }

  private Connection open() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", settings.username());
    if (!settings.password().isEmpty()) {
      properties.setProperty("password", settings.password());
    }
    properties.setProperty("ApplicationName", sessionName);
    properties.setProperty("connectTimeout", PATIENCE_SECONDS);
    properties.setProperty("socketTimeout", PATIENCE_SECONDS);
    return DriverManager.getConnection(settings.jdbcUrl(), properties);
  }

  @Override
  public void close() {
    Connection c = session;
    session = null;
    if (c != null) {
      try {
        c.close();
      } catch (SQLException e) {
        return; // gone is gone
      }
    }
  }
}
