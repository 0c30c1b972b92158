package dev.evenkeel.sample.orders.crash;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Properties;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL's driver, each of whose connections is watched. Pools make it by its name, so that all
 * of them have it: the application's, and the framework's own.
 */
public final class WatchedDriver implements Driver {

  private final org.postgresql.Driver driver = new org.postgresql.Driver();

  /** Made by connection pools. */
  public WatchedDriver() {}

  @Override
  public @Nullable Connection connect(String url, Properties info) throws SQLException {
    Connection connection = driver.connect(url, info);
    return connection == null
        ? null
        : (Connection)
            Proxy.newProxyInstance(
                WatchedDriver.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                new WatchedConnection(connection, Tripwire.ofProcess()));
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
