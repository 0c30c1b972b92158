package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.transport.kafka.crash.Boundary.Side;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A session, as far as boundaries are concerned: notes down what its open transaction has done, and
 * tells the tripwire before and after the commit, or around a statement that is a boundary by
 * itself. For one thread at a time.
 */
final class WatchedConnection implements InvocationHandler {

  private final Connection connection;
  private final Set<Boundary> done = EnumSet.noneOf(Boundary.class);

  WatchedConnection(Connection connection) {
    this.connection = connection;
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] args)
      throws Throwable {
    return switch (method.getName()) {
      case "commit" -> {
        commit();
        yield null;
      }
      case "rollback" -> {
        done.clear();
        yield call(connection, method, args);
      }
      case "prepareStatement" -> {
        PreparedStatement statement = (PreparedStatement) call(connection, method, args);
        Known known = Known.of(String.valueOf(args[0]));
        yield known == null
            ? statement
            : Proxy.newProxyInstance(
                WatchedConnection.class.getClassLoader(),
                new Class<?>[] {PreparedStatement.class},
                new Watched(statement, known));
      }
      default -> call(connection, method, args);
    };
  }

  private void commit() throws SQLException {
    List<Boundary> committed = List.copyOf(done);
    committed.forEach(boundary -> Tripwire.pass(boundary, Side.BEFORE));
    connection.commit();
    done.clear();
    committed.forEach(boundary -> Tripwire.pass(boundary, Side.AFTER));
  }

  /** Statements that say what a transaction is about. */
  private enum Known {
    APPEND("INSERT INTO evenkeel.outbox ", false),
    LEAD("SET epoch = epoch + 1", true),
    WITNESS("SET lease_until", true),
    CLAIM("INSERT INTO evenkeel.inbox_partition", false),
    INBOX("INSERT INTO evenkeel.inbox ", true),
    EFFECT("INSERT INTO effect ", false),
    PARK("INSERT INTO evenkeel.parked_message", false),
    END("SET state = 'HANDLED', ended_at", false);

    private static final int STATE_PARKED = 11;
    private static final int CONSUMER_PARKED = 1;
    private static final int CONSUMER_ENDED = 4;
    private static final int WITNESS_LSN = 2;

    private final String text;

    /** Whether it is a boundary by itself. */
    private final boolean alone;

    Known(String text, boolean alone) {
      this.text = text;
      this.alone = alone;
    }

    static @Nullable Known of(String sql) {
      for (Known known : values()) {
        if (sql.contains(known.text)) {
          return known;
        }
      }
      return null;
    }

    /** Null: nothing of note, after all. */
    @Nullable Boundary boundary(Map<Integer, @Nullable Object> parameters) {
      return switch (this) {
        case WITNESS -> parameters.get(WITNESS_LSN) == null ? null : Boundary.WITNESS;
        case PARK -> {
          boolean first = !"QUEUED".equals(parameters.get(STATE_PARKED));
          yield byTransport(parameters.get(CONSUMER_PARKED))
              ? first ? Boundary.PARK : Boundary.QUEUE
              : first ? Boundary.SET_ASIDE : Boundary.SET_BEHIND;
        }
        case END ->
            byTransport(parameters.get(CONSUMER_ENDED)) ? Boundary.RELEASE : Boundary.SET_FREE;
        default -> Boundary.valueOf(name());
      };
    }

    private static boolean byTransport(@Nullable Object consumer) {
      return "transport:kafka".equals(consumer);
    }
  }

  /** One such statement. */
  private final class Watched implements InvocationHandler {

    private final PreparedStatement statement;
    private final Known known;
    private final Map<Integer, @Nullable Object> parameters = new HashMap<>();

    Watched(PreparedStatement statement, Known known) {
      this.statement = statement;
      this.known = known;
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] args)
        throws Throwable {
      if (args != null && args.length >= 2 && args[0] instanceof Integer index) {
        parameters.put(index, args[1]);
      }
      if (args != null || !method.getName().startsWith("execute")) {
        return call(statement, method, args);
      }
      Boundary boundary = known.boundary(parameters);
      if (boundary == null) {
        return call(statement, method, null);
      }
      if (!known.alone) {
        Object answer = call(statement, method, null);
        if (!Integer.valueOf(0).equals(answer)) {
          done.add(boundary);
        }
        return answer;
      }
      Tripwire.pass(boundary, Side.BEFORE);
      Object answer = call(statement, method, null);
      Tripwire.pass(boundary, Side.AFTER);
      return answer;
    }
  }

  private static @Nullable Object call(Object target, Method method, Object @Nullable [] args)
      throws Throwable {
    try {
      return method.invoke(target, args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
