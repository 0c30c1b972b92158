package dev.evenkeel.saga;

import com.zaxxer.hikari.HikariDataSource;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * What lies between one node and the databases: sessions of its own, and every statement and commit
 * passes here, where a test counts it, holds it, or cuts it off. Thread-safe.
 */
final class Wire implements AutoCloseable {

  static final String CONNECT = "CONNECT";
  static final String COMMIT = "COMMIT";

  private static final long LONGEST_HOLD_SECONDS = 30;

  /** Before it reaches the server, or after the server has done it. */
  enum Moment {
    BEFORE,
    AFTER
  }

  /** A statement and its parameters. */
  record Sent(String sql, List<@Nullable Object> parameters) {}

  /**
   * A moment on the wire.
   *
   * @param statement its text, {@link #CONNECT} or {@link #COMMIT}
   * @param transaction what its session has sent since the last commit
   * @param session null while there is none
   */
  record Point(
      String shard,
      Moment moment,
      String statement,
      List<Sent> transaction,
      @Nullable Connection session) {

    boolean is(String shardName, Moment when, String what) {
      return shard.equals(shardName) && moment == when && statement.contains(what);
    }

    /** Whether the transaction has written that step's row, with that outcome or direction. */
    boolean hasWritten(String step, String outcome) {
      return transaction.stream()
          .anyMatch(
              s ->
                  s.sql().contains("INTO evenkeel.saga_step")
                      && s.parameters().contains(step)
                      && s.parameters().contains(outcome));
    }

    boolean hasSent(String text) {
      return transaction.stream().anyMatch(s -> s.sql().contains(text));
    }
  }

  /** Stands at a moment on the wire. */
  interface Gate {
    void pass(Point point) throws SQLException;
  }

  /** Stops the first that comes to a moment, until it is let go. */
  static final class Hold implements Gate {

    private final Predicate<Point> where;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    private Hold(Predicate<Point> where) {
      this.where = where;
    }

    @Override
    public void pass(Point point) {
      if (where.test(point) && takesFirst()) {
        await(released, "Nobody has let go of " + point);
      }
    }

    private synchronized boolean takesFirst() {
      boolean first = reached.getCount() > 0;
      reached.countDown();
      return first;
    }

    void awaitReached() {
      await(reached, "Nobody came to the hold");
    }

    void release() {
      released.countDown();
    }
  }

  private final List<Gate> gates = new CopyOnWriteArrayList<>();
  private final List<HikariDataSource> pools = new ArrayList<>();
  private volatile @Nullable CountDownLatch frozen;

  static void await(CountDownLatch latch, String otherwise) {
    try {
      if (!latch.await(LONGEST_HOLD_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException(otherwise);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(otherwise, e);
    }
  }

  /** Sessions of this node's own to the same database. */
  DataSource over(DataSource shared, String shard) {
    HikariDataSource like = (HikariDataSource) shared;
    HikariDataSource own = new HikariDataSource();
    own.setJdbcUrl(like.getJdbcUrl());
    own.setUsername(like.getUsername());
    own.setPassword(like.getPassword());
    own.setMaximumPoolSize(like.getMaximumPoolSize());
    own.setMinimumIdle(0);
    pools.add(own);
    return new DelegatingDataSource(own) {
      @Override
      public Connection getConnection() throws SQLException {
        pass(new Point(shard, Moment.BEFORE, CONNECT, List.of(), null));
        return connection(shard, own.getConnection());
      }
    };
  }

  void add(Gate gate) {
    gates.add(gate);
  }

  Hold hold(Predicate<Point> where) {
    Hold hold = new Hold(where);
    gates.add(hold);
    return hold;
  }

  /** Where it comes to that moment for the first time, the session is lost. */
  Gate cutOnce(Predicate<Point> where) {
    Gate gate =
        new Gate() {
          private boolean done;

          @Override
          public void pass(Point point) throws SQLException {
            if (where.test(point) && takesFirst()) {
              lose(point);
            }
          }

          private synchronized boolean takesFirst() {
            boolean first = !done;
            done = true;
            return first;
          }
        };
    gates.add(gate);
    return gate;
  }

  /** From now on nothing reaches those databases. */
  Gate cut(Predicate<Point> where) {
    Gate gate =
        point -> {
          if (where.test(point)) {
            lose(point);
          }
        };
    gates.add(gate);
    return gate;
  }

  /** The process is as good as dead: nothing reaches any database, and its sessions end. */
  void kill() {
    cut(point -> true);
    pools.forEach(HikariDataSource::close);
  }

  void remove(Gate gate) {
    gates.remove(gate);
  }

  /** How many sessions are open. */
  int sessions() {
    return pools.stream().mapToInt(pool -> pool.getHikariPoolMXBean().getTotalConnections()).sum();
  }

  /** The process stands still, with its transactions open. */
  void freeze() {
    frozen = new CountDownLatch(1);
  }

  void thaw() {
    CountDownLatch latch = frozen;
    frozen = null;
    if (latch != null) {
      latch.countDown();
    }
  }

  private static void lose(Point point) throws SQLException {
    Connection session = point.session();
    if (session != null && !session.isClosed()) {
      ((Connection) session.unwrap(PGConnection.class)).close();
    }
    throw new SQLNonTransientConnectionException("The connection was cut by the test", "08006");
  }

  private void pass(Point point) throws SQLException {
    CountDownLatch standing = frozen;
    if (standing != null) {
      await(standing, "Nobody has thawed the wire");
    }
    for (Gate gate : gates) {
      gate.pass(point);
    }
  }

  private Connection connection(String shard, Connection real) {
    List<Sent> transaction = new ArrayList<>();
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          switch (method.getName()) {
            case "prepareStatement":
              return statement(
                  PreparedStatement.class,
                  shard,
                  real,
                  transaction,
                  (PreparedStatement) invoke(real, method, arguments),
                  (String) arguments[0]);
            case "createStatement":
              return statement(
                  Statement.class,
                  shard,
                  real,
                  transaction,
                  (Statement) invoke(real, method, arguments),
                  null);
            case "commit":
              List<Sent> committed = List.copyOf(transaction);
              pass(new Point(shard, Moment.BEFORE, COMMIT, committed, real));
              invoke(real, method, arguments);
              transaction.clear();
              pass(new Point(shard, Moment.AFTER, COMMIT, committed, real));
              return null;
            case "rollback":
              if (arguments == null) {
                transaction.clear();
              }
              return invoke(real, method, arguments);
            default:
              return invoke(real, method, arguments);
          }
        };
    return proxy(Connection.class, handler);
  }

  private <S extends Statement> S statement(
      Class<S> type,
      String shard,
      Connection session,
      List<Sent> transaction,
      S real,
      @Nullable String prepared) {
    List<@Nullable Object> parameters = new ArrayList<>();
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          String name = method.getName();
          if (name.startsWith("execute")) {
            String sql = prepared != null ? prepared : String.valueOf(arguments[0]);
            pass(new Point(shard, Moment.BEFORE, sql, List.copyOf(transaction), session));
            Object result = invoke(real, method, arguments);
            transaction.add(new Sent(sql, new ArrayList<>(parameters)));
            pass(new Point(shard, Moment.AFTER, sql, List.copyOf(transaction), session));
            return result;
          }
          if (name.startsWith("set") && arguments != null && arguments.length >= 2) {
            parameters.add(arguments[1]);
          }
          return invoke(real, method, arguments);
        };
    return proxy(type, handler);
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(Wire.class.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static @Nullable Object invoke(
      Object target, Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  @Override
  public void close() {
    thaw();
    gates.stream().filter(Hold.class::isInstance).forEach(gate -> ((Hold) gate).release());
    pools.forEach(HikariDataSource::close);
  }
}
