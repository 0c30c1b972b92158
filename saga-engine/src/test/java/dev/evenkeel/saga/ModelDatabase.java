package dev.evenkeel.saga;

import dev.evenkeel.saga.StepTable.Direction;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * One shard's {@code saga_step} and what is appended to its outbox, behind a data source that
 * understands the statements of {@link StepTable} and of the outbox: so that the real step runner
 * and the real participant run on it. One transaction at a time, on one thread; its clock stands at
 * the epoch. What each statement means is said in {@link ModelRules}.
 */
final class ModelDatabase {

  /** Which row. */
  record Id(StepKey key, Direction direction) {}

  /** A row; what its step returned plays no part. */
  record Row(Outcome outcome, byte @Nullable [] result) {}

  /** What commits together. */
  private record Content(Map<Id, Row> rows, List<Integer> effects, List<byte[]> messages) {
    Content copy() {
      return new Content(
          new LinkedHashMap<>(rows), new ArrayList<>(effects), new ArrayList<>(messages));
    }
  }

  private final ModelRules rules;
  private final UUID saga;
  private Content content = new Content(new LinkedHashMap<>(), new ArrayList<>(), List.of());
  private @Nullable Content before;
  final DataSource dataSource = proxy(DataSource.class, this::ofDataSource);

  ModelDatabase(ModelRules rules, UUID saga) {
    this.rules = rules;
    this.saga = saga;
  }

  /** As if it had always held these rows, and nothing else. */
  void holds(Map<Id, Row> rows) {
    content = new Content(new LinkedHashMap<>(rows), new ArrayList<>(), new ArrayList<>());
    before = null;
  }

  Map<Id, Row> rows() {
    return content.rows();
  }

  /** Effects of the application that are committed: 1 for an action, -1 for its compensation. */
  List<Integer> effects() {
    return content.effects();
  }

  /** Payloads of what was appended. */
  List<byte[]> messages() {
    return content.messages();
  }

  /** The application does something in the transaction that is open. */
  void effect(int what) {
    content.effects().add(what);
  }

  // ---- JDBC, as far as it is asked

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  /** For whatever makes no difference. */
  private static @Nullable Object nothing(Object proxy, Method method, Object[] arguments) {
    return switch (method.getName()) {
      case "hashCode" -> System.identityHashCode(proxy);
      case "equals" -> proxy == arguments[0];
      case "toString" -> "a model's " + proxy.getClass().getInterfaces()[0].getSimpleName();
      default -> {
        Class<?> type = method.getReturnType();
        yield type == boolean.class ? (Object) false : type == int.class ? (Object) 0 : null;
      }
    };
  }

  private @Nullable Object ofDataSource(Object proxy, Method method, Object[] arguments) {
    if (method.getName().equals("getConnection")) {
      boolean[] autoCommit = {true};
      return proxy(
          Connection.class, (self, called, with) -> ofConnection(self, called, with, autoCommit));
    }
    return nothing(proxy, method, arguments);
  }

  private @Nullable Object ofConnection(
      Object proxy, Method method, Object[] arguments, boolean[] autoCommit) {
    switch (method.getName()) {
      case "getAutoCommit" -> {
        return autoCommit[0];
      }
      case "setAutoCommit" -> {
        autoCommit[0] = (boolean) arguments[0];
        before = autoCommit[0] ? null : content.copy();
      }
      case "commit" -> before = content.copy();
      case "rollback" -> {
        content = before == null ? content : before;
        before = content.copy();
      }
      case "prepareStatement" -> {
        Map<Integer, Object> parameters = new HashMap<>();
        String sql = (String) arguments[0];
        return proxy(
            PreparedStatement.class,
            (self, called, with) -> ofStatement(self, called, with, sql, parameters));
      }
      case "createStatement" -> {
        return proxy(Statement.class, ModelDatabase::nothing);
      }
      case "createArrayOf" -> {
        return proxy(Array.class, ModelDatabase::nothing);
      }
      default -> {
        return nothing(proxy, method, arguments);
      }
    }
    return null;
  }

  private @Nullable Object ofStatement(
      Object proxy,
      Method method,
      Object[] arguments,
      String sql,
      Map<Integer, Object> parameters) {
    if (method.getName().startsWith("set") && arguments.length == 2) {
      parameters.put((Integer) arguments[0], arguments[1]);
      return null;
    }
    return switch (method.getName()) {
      case "executeUpdate" -> update(sql, parameters) ? 1 : 0;
      case "executeQuery" -> query(sql);
      default -> nothing(proxy, method, arguments);
    };
  }

  private boolean update(String sql, Map<Integer, Object> parameters) {
    if (sql.contains(".outbox")) {
      content.messages().add((byte[]) parameters.get(8));
      return true;
    }
    if (!sql.startsWith("INSERT INTO model.saga_step")) {
      throw new IllegalStateException("The model has no rule for the statement " + sql);
    }
    StepKey key = new StepKey((String) parameters.get(2), (int) parameters.get(3));
    Direction direction = Direction.valueOf((String) parameters.get(4));
    Id id = new Id(key, direction);
    Row forward = content.rows().get(new Id(key, Direction.FORWARD));
    boolean isInTime = ((OffsetDateTime) parameters.get(10)).toInstant().isAfter(Instant.EPOCH);
    boolean isInserted =
        sql.contains("EXISTS")
            ? rules.insertsCompensation(
                content.rows().containsKey(id), forward == null ? null : forward.outcome())
            : rules.inserts(content.rows().containsKey(id));
    if (isInserted && isInTime) {
      content
          .rows()
          .put(
              id, new Row(Outcome.valueOf((String) parameters.get(5)), (byte[]) parameters.get(6)));
    }
    return isInserted && isInTime;
  }

  private ResultSet query(String sql) {
    if (!sql.startsWith("SELECT saga_id, step, item, direction, outcome, result, recorded_at")) {
      throw new IllegalStateException("The model has no rule for the statement " + sql);
    }
    List<Object[]> rows = new ArrayList<>();
    content
        .rows()
        .forEach(
            (id, row) ->
                rows.add(
                    new Object[] {
                      saga,
                      id.key().step(),
                      id.key().item(),
                      id.direction().name(),
                      row.outcome().name(),
                      row.result(),
                      OffsetDateTime.ofInstant(Instant.EPOCH, ZoneOffset.UTC)
                    }));
    int[] at = {-1};
    return proxy(
        ResultSet.class,
        (self, called, with) ->
            called.getName().equals("next")
                ? (Object) (++at[0] < rows.size())
                : called.getName().startsWith("get") && with[0] instanceof Integer column
                    ? rows.get(at[0])[column - 1]
                    : nothing(self, called, with));
  }
}
