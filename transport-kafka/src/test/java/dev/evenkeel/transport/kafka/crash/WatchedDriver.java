package dev.evenkeel.transport.kafka.crash;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Properties;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL's driver, each of whose connections is watched: in its place, so that the
 * application's pool and the relay's own sessions have it alike.
 */
final class WatchedDriver implements Driver {

  private final Driver driver;

  private WatchedDriver(Driver driver) {
    this.driver = driver;
  }

  /** Before anything connects to the URL. */
  static void install(String url) throws SQLException {
    Driver driver = DriverManager.getDriver(url);
    DriverManager.deregisterDriver(driver);
    DriverManager.registerDriver(new WatchedDriver(driver));
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
  public boolean acceptsURL(String url) throws SQLException {
    return driver.acceptsURL(url);
  }

  @Override
  public DriverPropertyInfo[] getPropertyInfo(String url, Properties info) throws SQLException {
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
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    return driver.getParentLogger();
  }
}
