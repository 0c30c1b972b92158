package dev.evenkeel.relay;

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
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Logger;

/**
 * Cuts a relay off at one of its statements, as the end of its process would: right before or right
 * after it all of its sessions are gone, and no new one comes about. It stands before PostgreSQL's
 * own driver and takes only URLs that ask for it.
 */
final class CutDriver implements Driver {

  private static final String PARAMETER = "evenkeelCut=";
  private static final Map<String, Cut> CUTS = new ConcurrentHashMap<>();
  private static final Driver REAL = new org.postgresql.Driver();

  static {
    try {
      Driver registered = DriverManager.getDriver("jdbc:postgresql://localhost/any");
      DriverManager.deregisterDriver(registered);
      DriverManager.registerDriver(new CutDriver());
      DriverManager.registerDriver(registered);
    } catch (SQLException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private CutDriver() {}

  /** Where and whether a relay is cut off. */
  static final class Cut implements AutoCloseable {

    private final String token = Long.toHexString(System.nanoTime());
    private final int at;
    private final boolean after;
    private final Queue<Connection> sessions = new ConcurrentLinkedQueue<>();
    private final Queue<String> passed = new ConcurrentLinkedQueue<>();
    private volatile boolean done;

    /**
     * Cuts at the statement of this number, from 1 on; 0: nowhere.
     *
     * @param after whether the statement still takes effect
     */
    Cut(int at, boolean after) {
      this.at = at;
      this.after = after;
      CUTS.put(token, this);
    }

    ConnectionSettings settings(Installation installation) {
      ConnectionSettings plain = installation.settings();
      String url = plain.jdbcUrl();
      return new ConnectionSettings(
          url + (url.contains("?") ? "&" : "?") + PARAMETER + token,
          plain.username(),
          plain.password());
    }

    boolean done() {
      return done;
    }

    /** The statements so far, in their order. */
    Queue<String> passed() {
      return passed;
    }

    private Object pass(String sql, Work work) throws Throwable {
      boolean here;
      synchronized (this) {
        requireOpen();
        passed.add(sql.strip());
        here = passed.size() == at;
      }
      if (here && !after) {
        cut();
      }
      requireOpen();
      Object result = work.run();
      if (here) {
        cut();
        requireOpen();
      }
      return result;
    }

    private void cut() {
      done = true;
      for (Connection session : sessions) {
        try {
          session.abort(Runnable::run);
        } catch (SQLException e) {
          throw new IllegalStateException(e);
        }
      }
    }

    private void requireOpen() throws SQLException {
      if (done) {
        throw new SQLException("The test has cut this relay off", "08006");
      }
    }

    @Override
    public void close() {
      CUTS.remove(token);
    }
  }

  private interface Work {
    Object run() throws Throwable;
  }

  @Override
  public Connection connect(String url, Properties info) throws SQLException {
    int place = url.indexOf(PARAMETER);
    if (place < 0) {
      return null; // the next driver's
    }
    Cut cut = CUTS.get(url.substring(place + PARAMETER.length()));
    if (cut == null) {
      throw new SQLException("The test is over", "08006");
    }
    cut.requireOpen();
    Connection real = REAL.connect(url.substring(0, place - 1), info);
    cut.sessions.add(real);
    return proxy(
        Connection.class,
        (self, method, arguments) -> {
          Object result = invoke(real, method, arguments);
          return switch (method.getName()) {
            case "prepareStatement" ->
                statement(PreparedStatement.class, cut, result, String.valueOf(arguments[0]));
            case "createStatement" -> statement(Statement.class, cut, result, "");
            default -> result;
          };
        });
  }

  private static <T extends Statement> T statement(
      Class<T> type, Cut cut, Object real, String sql) {
    return proxy(
        type,
        (self, method, arguments) -> {
          if (!method.getName().startsWith("execute")) {
            return invoke(real, method, arguments);
          }
          String text = arguments == null ? sql : String.valueOf(arguments[0]);
          return cut.pass(text, () -> invoke(real, method, arguments));
        });
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(CutDriver.class.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  @Override
  public boolean acceptsURL(String url) {
    return url.contains(PARAMETER);
  }

  @Override
  public DriverPropertyInfo[] getPropertyInfo(String url, Properties info) {
    return new DriverPropertyInfo[0];
  }

  @Override
  public int getMajorVersion() {
    return 1;
  }

  @Override
  public int getMinorVersion() {
    return 0;
  }

  @Override
  public boolean jdbcCompliant() {
    return false;
  }

  @Override
  public Logger getParentLogger() {
    return Logger.getGlobal();
  }
}
