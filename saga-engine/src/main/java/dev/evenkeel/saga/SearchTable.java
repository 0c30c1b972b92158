package dev.evenkeel.saga;

import dev.evenkeel.saga.SagaPage.Found;
import dev.evenkeel.saga.SagaPage.Position;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Operators' search over the instances of one home shard. Each search is made of walks along
 * indexes, newest first, of one saga each; what no index tells is looked at row by row, in a
 * bounded number of rows. Where a walk has reached its bound, the search stops, and says so.
 */
final class SearchTable {

  /** So many living instances are looked at one by one; more are found by walking. */
  private static final int LIVING_AT_ONCE = 5_000;

  private static final int LEAST_EXAMINED = 500;

  private static final Set<SagaState> ENDED =
      EnumSet.of(SagaState.COMPLETED, SagaState.COMPENSATED);

  private static final Set<SagaState> TURNED =
      EnumSet.of(SagaState.CLOSING, SagaState.COMPENSATING, SagaState.COMPENSATED);

  private static final String COLUMNS =
      "i.id, i.saga, i.saga_version, i.key, i.state, i.forward_only, i.failure, i.stuck_at, i.stuck_reason, i.stuck_step,"
          + " i.created_at, i.deadline_at, i.ended_at";

  /** Which instances an index has. */
  private enum Walk {
    ALL(""),
    TURNED_BACK(" AND i.failure IS NOT NULL"),
    TURNED_BACK_BY_STEP(" AND i.failure IS NOT NULL AND i.failure ->> 'step' = ?"),
    STUCK(" AND i.stuck_at IS NOT NULL");

    private final String condition;

    Walk(String condition) {
      this.condition = condition;
    }
  }

  /** SQL with the values of its parameters, in order. */
  private static final class Sql {

    private final StringBuilder text = new StringBuilder();
    private final List<Object> values = new ArrayList<>();

    Sql add(String part, Object... parameters) {
      text.append(part);
      values.addAll(List.of(parameters));
      return this;
    }

    PreparedStatement prepare(Connection c) throws SQLException {
      PreparedStatement statement = c.prepareStatement(text.toString());
      for (int i = 0; i < values.size(); i++) {
        statement.setObject(i + 1, values.get(i));
      }
      return statement;
    }
  }

  private final String schema;

  SearchTable(String schema) {
    this.schema = schema;
  }

  /** Those that match, behind a position; one more than the limit where there are others. */
  Found find(Connection c, SagaFilter filter, Position after, int limit) throws SQLException {
    settings(c);
    String saga = filter.saga();
    String key = filter.key();
    if (key != null) {
      return new Found(byIds(c, ids(c, saga, key), filter, after, limit), null);
    }
    List<String> sagas = saga == null ? sagas(c) : List.of(saga);
    List<Found> found = new ArrayList<>();
    Set<SagaState> states = EnumSet.noneOf(SagaState.class);
    states.addAll(filter.states());
    if (filter.stuck()) {
      walk(c, List.of(Walk.STUCK), sagas, filter, states, after, limit, found);
    } else if (filter.step() != null) {
      walk(
          c,
          List.of(Walk.TURNED_BACK_BY_STEP, Walk.STUCK),
          sagas,
          filter,
          states,
          after,
          limit,
          found);
    } else if (filter.error() != null) {
      walk(c, List.of(Walk.TURNED_BACK, Walk.STUCK), sagas, filter, states, after, limit, found);
    } else if (states.isEmpty() || states.contains(SagaState.COMPLETED)) {
      walk(c, List.of(Walk.ALL), sagas, filter, states, after, limit, found);
    } else {
      byState(c, sagas, filter, states, after, limit, found);
    }
    return Found.merge(found);
  }

  /** Without statistics a walk looks dearer than reading and sorting all there is. */
  private static void settings(Connection c) throws SQLException {
    try (Statement statement = c.createStatement()) {
      statement.execute("SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off");
    }
  }

  /** Of what has not ended there are few, mostly; and of what has, those that turned back. */
  private void byState(
      Connection c,
      List<String> sagas,
      SagaFilter filter,
      Set<SagaState> states,
      Position after,
      int limit,
      List<Found> found)
      throws SQLException {
    Set<SagaState> walked = EnumSet.copyOf(states);
    Set<SagaState> living = EnumSet.copyOf(states);
    living.removeAll(ENDED);
    if (!living.isEmpty() && areLivingFew(c)) {
      walked.removeAll(living);
      Sql sql = new Sql();
      select(sql, "i");
      sql.add(
          " FROM %1$s.saga_wake w JOIN %1$s.saga_instance i ON i.id = w.saga_id WHERE true"
              .formatted(schema));
      if (filter.saga() != null) {
        sql.add(" AND i.saga = ?", filter.saga());
      }
      bounds(sql, filter, after);
      conditions(sql, c, "i", filter, living);
      sql.add(" ORDER BY i.created_at DESC, i.id DESC LIMIT " + (limit + 1));
      found.add(new Found(read(c, sql), null));
    }
    if (!walked.isEmpty()) {
      Walk walk = TURNED.containsAll(walked) ? Walk.TURNED_BACK : Walk.ALL;
      walk(c, List.of(walk), sagas, filter, walked, after, limit, found);
    }
  }

  private void walk(
      Connection c,
      List<Walk> walks,
      List<String> sagas,
      SagaFilter filter,
      Set<SagaState> states,
      Position after,
      int limit,
      List<Found> found)
      throws SQLException {
    int count = Math.max(1, walks.size() * sagas.size());
    int most = Math.max(LEAST_EXAMINED, SagaOperations.MOST_EXAMINED / count);
    for (String saga : sagas) {
      for (Walk walk : walks) {
        found.add(walk(c, walk, saga, filter, states, after, limit, most));
      }
    }
  }

  private Found walk(
      Connection c,
      Walk walk,
      String saga,
      SagaFilter filter,
      Set<SagaState> states,
      Position after,
      int limit,
      int most)
      throws SQLException {
    Sql sql = new Sql();
    sql.add("SELECT i.*, i.nth = %d AS is_last, ".formatted(most));
    owner(sql, "i");
    sql.add(" FROM (SELECT m.*, (true");
    conditions(sql, c, "m", filter, states);
    sql.add(") AS matches FROM (");
    along(sql, walk, saga, filter, after);
    sql.add(
        " LIMIT %d) m) i WHERE i.matches OR i.nth = %d LIMIT %d".formatted(most, most, limit + 1));
    try (PreparedStatement statement = sql.prepare(c);
        ResultSet rows = statement.executeQuery()) {
      List<SagaStatus> sagas = new ArrayList<>();
      Position stoppedAt = null;
      while (rows.next()) {
        SagaStatus status = read(rows);
        if (rows.getBoolean("matches")) {
          sagas.add(status);
        }
        if (rows.getBoolean("is_last")) {
          stoppedAt = Position.of(status);
        }
      }
      return new Found(sagas, stoppedAt);
    }
  }

  /** The rows of a walk, in the order of its index. */
  private void along(Sql sql, Walk walk, String saga, SagaFilter filter, Position after) {
    sql.add(
        "SELECT %s, row_number() OVER (ORDER BY i.created_at DESC, i.id DESC) AS nth FROM %s.saga_instance i WHERE i.saga = ?"
            .formatted(COLUMNS, schema),
        saga);
    if (walk == Walk.TURNED_BACK_BY_STEP) {
      sql.add(walk.condition, String.valueOf(filter.step()));
    } else {
      sql.add(walk.condition);
    }
    bounds(sql, filter, after);
    sql.add(" ORDER BY i.created_at DESC, i.id DESC");
  }

  /** What an index tells. */
  private static void bounds(Sql sql, SagaFilter filter, Position after) {
    Position behind = after;
    Instant before = filter.startedBefore();
    if (before != null && before.isBefore(after.createdAt())) {
      behind = new Position(before, new UUID(0, 0)); // one bound, from which the walk begins
    }
    sql.add(" AND (i.created_at, i.id) < (?, ?)", time(behind.createdAt()), behind.id());
    Instant from = filter.startedAfter();
    if (from != null) {
      sql.add(" AND i.created_at >= ?", time(from));
    }
  }

  /** What has to be looked at in each row. */
  private static void conditions(
      Sql sql, Connection c, String of, SagaFilter filter, Collection<SagaState> states)
      throws SQLException {
    if (!states.isEmpty()) {
      sql.add(
          " AND %s.state = ANY (?)".formatted(of),
          c.createArrayOf("text", states.stream().map(SagaState::name).toArray()));
    }
    if (filter.stuck()) {
      sql.add(" AND %s.stuck_at IS NOT NULL".formatted(of));
    }
    String step = filter.step();
    if (step != null) {
      sql.add(
          " AND (%1$s.stuck_step = ? OR %1$s.failure ->> 'step' = ?)".formatted(of), step, step);
    }
    String error = filter.error();
    if (error != null) {
      sql.add(
          " AND (position(lower(?) IN lower(%1$s.stuck_reason)) > 0 OR position(lower(?) IN lower(%1$s.failure ->> 'message')) > 0)"
              .formatted(of),
          error,
          error);
    }
  }

  private void select(Sql sql, String of) {
    sql.add("SELECT %s, ".formatted(COLUMNS));
    owner(sql, of);
  }

  private void owner(Sql sql, String of) {
    sql.add(
        "(SELECT o.owner FROM %s.saga_wake o WHERE o.saga_id = %s.id) AS owner"
            .formatted(schema, of));
  }

  /** Names of the sagas that have instances, by skipping from one to the next in the index. */
  private List<String> sagas(Connection c) throws SQLException {
    String sql =
        """
        WITH RECURSIVE s AS (
          (SELECT saga FROM %1$s.saga_instance ORDER BY saga LIMIT 1)
          UNION ALL
          SELECT (SELECT i.saga FROM %1$s.saga_instance i WHERE i.saga > s.saga ORDER BY i.saga LIMIT 1)
            FROM s WHERE s.saga IS NOT NULL
        )
        SELECT saga FROM s WHERE saga IS NOT NULL
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
      List<String> sagas = new ArrayList<>();
      while (rows.next()) {
        sagas.add(rows.getString(1));
      }
      return sagas;
    }
  }

  private boolean areLivingFew(Connection c) throws SQLException {
    String sql =
        "SELECT count(*) FROM (SELECT 1 FROM %s.saga_wake LIMIT %d) w"
            .formatted(schema, LIVING_AT_ONCE + 1);
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getInt(1) <= LIVING_AT_ONCE;
    }
  }

  /** A key is unique per slot and saga. */
  private List<UUID> ids(Connection c, @Nullable String saga, String key) throws SQLException {
    Sql sql = new Sql();
    sql.add(
        "SELECT saga_id FROM %s.saga_key WHERE key = ? AND started_by IS NOT NULL"
            .formatted(schema),
        key);
    if (saga != null) {
      sql.add(" AND saga = ?", saga);
    }
    sql.add(" LIMIT " + SagaOperations.MOST_EXAMINED);
    try (PreparedStatement statement = sql.prepare(c);
        ResultSet rows = statement.executeQuery()) {
      List<UUID> ids = new ArrayList<>();
      while (rows.next()) {
        ids.add(rows.getObject(1, UUID.class));
      }
      return ids;
    }
  }

  private List<SagaStatus> byIds(
      Connection c, List<UUID> ids, SagaFilter filter, Position after, int limit)
      throws SQLException {
    Sql sql = new Sql();
    select(sql, "i");
    sql.add(
        " FROM %s.saga_instance i WHERE i.id = ANY (?)".formatted(schema),
        c.createArrayOf("uuid", ids.toArray()));
    bounds(sql, filter, after);
    conditions(sql, c, "i", filter, filter.states());
    sql.add(" ORDER BY i.created_at DESC, i.id DESC LIMIT " + (limit + 1));
    return read(c, sql);
  }

  private static List<SagaStatus> read(Connection c, Sql sql) throws SQLException {
    try (PreparedStatement statement = sql.prepare(c);
        ResultSet r = statement.executeQuery()) {
      List<SagaStatus> sagas = new ArrayList<>();
      while (r.next()) {
        sagas.add(read(r));
      }
      return sagas;
    }
  }

  private static SagaStatus read(ResultSet r) throws SQLException {
    return new SagaStatus(
        r.getObject("id", UUID.class),
        r.getString("saga"),
        r.getInt("saga_version"),
        r.getString("key"),
        SagaState.valueOf(r.getString("state")),
        r.getBoolean("forward_only"),
        SagaCodec.failure(r.getString("failure")),
        r.getString("stuck_reason"),
        r.getString("owner"),
        r.getObject("created_at", OffsetDateTime.class).toInstant(),
        instant(r.getObject("deadline_at", OffsetDateTime.class)),
        instant(r.getObject("ended_at", OffsetDateTime.class)));
  }

  /** The step that keeps an instance; null when none is known to. */
  @Nullable String stuckStep(Connection c, UUID id) throws SQLException {
    String sql = "SELECT stuck_step FROM %s.saga_instance WHERE id = ?".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setObject(1, id);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() ? rows.getString(1) : null;
      }
    }
  }

  private static OffsetDateTime time(Instant instant) {
    return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
  }

  private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
    return time == null ? null : time.toInstant();
  }
}
