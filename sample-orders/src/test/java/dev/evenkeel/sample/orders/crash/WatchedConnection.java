package dev.evenkeel.sample.orders.crash;

import dev.evenkeel.sample.orders.crash.Point.Kind;
import dev.evenkeel.sample.orders.crash.Point.Side;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A session, as far as points are concerned: notes down what its open transaction has done, and
 * tells the tripwire before and after the commit. For one thread at a time.
 */
final class WatchedConnection implements InvocationHandler {

  private final Connection connection;
  private final Tripwire tripwire;
  private final String database;
  private final List<Note> notes = new ArrayList<>();
  private final Map<Array, Object[]> arrays = new IdentityHashMap<>();

  WatchedConnection(Connection connection, Tripwire tripwire) throws SQLException {
    this.connection = connection;
    this.tripwire = tripwire;
    this.database = connection.getCatalog();
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] args)
      throws Throwable {
    switch (method.getName()) {
      case "commit":
        commit();
        return null;
      case "rollback":
        if (args == null || args.length == 0) {
          forget();
        }
        return call(connection, method, args);
      case "createArrayOf":
        Array array = (Array) call(connection, method, args);
        arrays.put(array, (Object[]) args[1]);
        return array;
      case "prepareStatement":
        PreparedStatement statement = (PreparedStatement) call(connection, method, args);
        ProtocolStatement known = ProtocolStatement.of((String) args[0]);
        return known == null ? statement : watched(statement, known);
      default:
        return call(connection, method, args);
    }
  }

  private void commit() throws SQLException {
    List<Note> committed = committed();
    tripwire.pass(committed, Side.BEFORE);
    connection.commit();
    forget();
    tripwire.pass(committed, Side.AFTER);
  }

  private void forget() {
    notes.clear();
    arrays.clear();
  }

  /** The outcome of an await is the row of a step that is written with the instance. */
  private List<Note> committed() {
    Set<UUID> written =
        notes.stream()
            .filter(note -> note.point().step().isEmpty() && note.point().takesOn())
            .map(Note::saga)
            .collect(Collectors.toSet());
    return notes.stream()
        .map(
            note ->
                !note.point().step().isEmpty() && written.contains(note.saga())
                    ? note.at(Kind.AWAITED)
                    : note)
        .toList();
  }

  private PreparedStatement watched(PreparedStatement statement, ProtocolStatement known) {
    return (PreparedStatement)
        Proxy.newProxyInstance(
            WatchedConnection.class.getClassLoader(),
            new Class<?>[] {PreparedStatement.class},
            new Watched(statement, known));
  }

  /** One statement of the protocol. */
  private final class Watched implements InvocationHandler {

    private final PreparedStatement statement;
    private final ProtocolStatement known;
    private final Map<Integer, Object> parameters = new HashMap<>();

    Watched(PreparedStatement statement, ProtocolStatement known) {
      this.statement = statement;
      this.known = known;
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] args)
        throws Throwable {
      String name = method.getName();
      if (args != null && args.length >= 2 && args[0] instanceof Integer index) {
        Object value = args[1] instanceof Array array ? arrays.get(array) : args[1];
        parameters.put(index, value);
      }
      Object answer = call(statement, method, args);
      if (name.equals("executeUpdate") && args == null && !answer.equals(0)) {
        notes.addAll(known.notes(parameters, null, database));
      } else if (args == null && answer instanceof ResultSet rows) { // of a second statement, too
        return watched(rows);
      }
      return answer;
    }

    /** Ids come in the first column; a row that is not there was not touched. */
    private ResultSet watched(ResultSet rows) {
      return (ResultSet)
          Proxy.newProxyInstance(
              WatchedConnection.class.getClassLoader(),
              new Class<?>[] {ResultSet.class},
              (proxy, method, args) -> {
                Object answer = call(rows, method, args);
                if (method.getName().equals("getObject")
                    && args[0].equals(1)
                    && answer instanceof UUID saga) {
                  notes.addAll(known.notes(parameters, saga, database));
                }
                return answer;
              });
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
