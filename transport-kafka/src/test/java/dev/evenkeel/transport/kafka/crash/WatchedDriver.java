package dev.evenkeel.transport.kafka.crash;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Properties;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL's driver, each of whose connections is watched: in its place, so that the
 * application's pool and the relay's own sessions have it alike.
 */
final class WatchedDriver implements Driver {

  private final org.postgresql.Driver driver = new org.postgresql.Driver();

  static void install() throws SQLException {
    org.postgresql.Driver.deregister();
    DriverManager.registerDriver(new WatchedDriver());
  }

  @Override
  public @Nullable Connection connect(String url, Properties info) throws SQLException {
    Connection connection = driver.connect(url, info);
    return connection == null
        ? null
        : (Connection)
            Proxy.newProxyInstance(
                WatchedDriver.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                new WatchedConnection(connection));
  }

  @Override
  public boolean acceptsURL(String url) {
    return driver.acceptsURL(url);
  }

  @Override
  public DriverPropertyInfo[] getPropertyInfo(String url, Properties info) {
    return driver.getPropertyInfo(url, info);
  }

  @Override
  public int getMajorVersion() {
    return driver.getMajorVersion();
  }

  @Override
  public int getMinorVersion() {
    return driver.getMinorVersion();
  }

  @Override
  public boolean jdbcCompliant() {
    return driver.jdbcCompliant();
  }

  @Override
  public Logger getParentLogger() {
    return driver.getParentLogger();
  }
}
