package dev.evenkeel.relay.crash;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;

/**
 * The database's driver, which ends the process when a boundary is reached: the relay's own
 * sessions come from the driver manager, so nothing in the relay knows of it. Ended by {@link
 * Runtime#halt}, the process says no more than one that was killed.
 */
final class Trap implements Driver {

  /** How a process ends that was caught. */
  static final int CAUGHT = 7;

  private static final String CLEARS = "SET repaired_at = clock_timestamp()";

  private final Driver driver = new org.postgresql.Driver();
  private final Boundary boundary;
  private final AtomicInteger rowsLeft;

  private Trap(Boundary boundary, int row) {
    this.boundary = boundary;
    this.rowsLeft = new AtomicInteger(row);
  }

  /**
   * Sets the trap of this process.
   *
   * @param row after which of the rows sent again, from 1, where the boundary is that
   */
  static Trap set(Boundary boundary, int row) throws SQLException {
    Trap trap = new Trap(boundary, row);
    org.postgresql.Driver.deregister();
    DriverManager.registerDriver(trap);
    return trap;
  }

  /** The relay has handed over a message. */
  void sent() {
    if (boundary == Boundary.ROW_SENT && rowsLeft.decrementAndGet() == 0) {
      close();
    }
  }

  private static void close() {
    Runtime.getRuntime().halt(CAUGHT);
  }

  @Override
  public Connection connect(String url, Properties info) throws SQLException {
    Connection connection = driver.connect(url, info);
    return connection == null ? null : watched(connection);
  }

  private Connection watched(Connection connection) {
    boolean[] clears = new boolean[1];
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          Object result = invoke(connection, method, arguments);
          if (method.getName().equals("commit") && clears[0]) {
            if (boundary == Boundary.AFTER_CLEARED) {
              close();
            }
            clears[0] = false;
          }
          if (result instanceof PreparedStatement statement) {
            String sql = String.valueOf(arguments[0]);
            clears[0] |= sql.contains(CLEARS);
            return proxy(PreparedStatement.class, statement(statement, sql));
          }
          return result instanceof Statement statement
              ? proxy(Statement.class, statement(statement, ""))
              : result;
        };
    return proxy(Connection.class, handler);
  }

  private InvocationHandler statement(Statement statement, String prepared) {
    return (proxy, method, arguments) -> {
      boolean executes = method.getName().startsWith("execute");
      String sql =
          arguments != null && arguments.length > 0 && arguments[0] instanceof String given
              ? given
              : prepared;
      if (executes && boundary.isBefore(sql)) {
        close();
      }
      Object result = invoke(statement, method, arguments);
      if (executes && boundary.isAfter(sql)) {
        close();
      }
      return result;
    };
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(Trap.class.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
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
  public Logger getParentLogger() {
    return Logger.getLogger("org.postgresql");
  }
}
