package dev.evenkeel.saga;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Statements on {@code saga_instance} and {@code saga_wake}, which change together: who owns an
 * instance, and whether there is news for it.
 */
final class InstanceTable {

  /** The step that a child saga is. */
  record Parent(UUID sagaId, StepKey key) {}

  /** Everything about an instance that its next owner needs. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Row(
      UUID id,
      String saga,
      int sagaVersion,
      String key,
      int slot,
      byte[] command,
      String headers,
      SagaState state,
      boolean forwardOnly,
      @Nullable String failure,
      long epoch,
      long version,
      int claims,
      String progress,
      @Nullable String stuckReason,
      Set<String> localParticipants,
      @Nullable Parent parent,
      Instant createdAt,
      @Nullable Instant deadlineAt,
      @Nullable Instant endedAt) {}

  /**
   * A row that was taken.
   *
   * @param seen how much of its news the owner is about to read
   * @param previous the owner before; null when there was none
   */
  record Claim(Row row, long seen, @Nullable String previous) {}

  /**
   * What a process can run: instances of these definitions, as long as their shape is the one that
   * was recorded then, whose local participants are all among these.
   *
   * @param sagas names; version and recording time belong to them by their place
   */
  record Runnables(
      List<String> sagas,
      List<Integer> versions,
      List<Instant> recordedAt,
      Collection<String> participants) {

    /** In the order of the parameters of {@link #RUNNABLE}. */
    private Object[] parameters(Connection c, Object... before) throws SQLException {
      List<Object> all = new ArrayList<>(List.of(before));
      all.add(c.createArrayOf("text", sagas.toArray()));
      all.add(c.createArrayOf("integer", versions.toArray()));
      all.add(c.createArrayOf("text", recordedAt.stream().map(Instant::toString).toArray()));
      all.add(c.createArrayOf("text", participants.toArray()));
      return all.toArray();
    }
  }

  /**
   * What an owner writes.
   *
   * @param version the one it knows; the write makes it one more
   * @param stuckReason null for not stuck
   * @param stuckStep which step it is about; null for none, or an earlier owner's
   * @param seen with {@code park}: the news it has taken into account
   * @param unlessNews whether nothing is written when there is news beyond {@code seen}
   * @param park whether it gives the instance up, because it only waits; implies {@code unlessNews}
   * @param parkUntil when somebody has to look again; null for never
   * @param waitsFor sagas whose locks it waits for
   */
  record Write(
      UUID id,
      long epoch,
      long version,
      SagaState state,
      boolean forwardOnly,
      @Nullable String failure,
      String progress,
      @Nullable String stuckReason,
      @Nullable String stuckStep,
      long seen,
      boolean unlessNews,
      boolean park,
      @Nullable Instant parkUntil,
      Set<UUID> waitsFor) {}

  private static final String COLUMNS =
      "i.id, i.saga, i.saga_version, i.key, i.slot, i.command, i.headers, i.state, i.forward_only,"
          + " i.failure, i.epoch, i.version, i.claims, i.progress, i.stuck_reason, i.local_participants, i.parent_id, i.parent_step, i.parent_item, i.created_at,"
          + " i.deadline_at, i.ended_at";
  private static final int COLUMN_COUNT = 22;

  /** Of a process's definitions those whose shape is still the one that it knows. */
  private static final String RUNNABLE =
      """
      (i.saga, i.saga_version) IN (SELECT v.saga, v.version
                               FROM unnest(?::text[], ?::integer[], ?::timestamptz[]) AS v (saga, version, recorded_at)
                               JOIN %s.saga_definition USING (saga, version, recorded_at))
      AND i.local_participants <@ ?::text[]
      """;

  private final String schema;
  private final TimedSql fireTimers;
  private final TimedSql shelve;
  private final TimedSql write;

  InstanceTable(String schema) {
    this.schema = schema;
    this.shelve =
        new TimedSql(
            schema,
            """
            WITH mine AS (
              SELECT id FROM @schema.saga_instance WHERE id = ? AND epoch = ? AND ended_at IS NULL FOR NO KEY UPDATE
            ), marked AS (
              UPDATE @schema.saga_instance i
                 SET stuck_at = coalesce(i.stuck_at, clock_timestamp()), stuck_reason = ?, version = i.version + 1
                FROM mine WHERE i.id = mine.id
            ), free AS (
              UPDATE @schema.saga_wake w SET owner = NULL FROM mine
               WHERE w.saga_id = ? AND w.saga_id = mine.id AND w.owner = ?
              RETURNING w.saga_id
            )
            INSERT INTO @schema.saga_timer (saga_id, due_at)
            SELECT saga_id, @now + ?::interval FROM free
            ON CONFLICT (saga_id) DO UPDATE SET due_at = excluded.due_at
            """);
    // The time comes from a subquery: an index is not searched by a function that is volatile.
    this.fireTimers =
        new TimedSql(
            schema,
            """
            WITH due AS (
              SELECT saga_id FROM @schema.saga_timer WHERE due_at <= (SELECT @now)
               ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED
            ), free AS (
              SELECT w.saga_id FROM @schema.saga_wake w JOIN due ON due.saga_id = w.saga_id
               ORDER BY w.saga_id FOR UPDATE OF w SKIP LOCKED
            ), woken AS (
              UPDATE @schema.saga_wake w SET bumped = w.bumped + 1 FROM free WHERE w.saga_id = free.saga_id
            )
            DELETE FROM @schema.saga_timer t USING free WHERE t.saga_id = free.saga_id
            """);
    this.write =
        new TimedSql(
            schema,
            """
            WITH v AS (
              SELECT * FROM unnest(?::uuid[], ?::bigint[], ?::bigint[], ?::text[], ?::boolean[], ?::text[], ?::text[], ?::text[], ?::text[],
                                   ?::bigint[], ?::boolean[], ?::boolean[], ?::timestamptz[], ?::text[])
                AS v (id, epoch, version, state, forward_only, failure, progress, stuck_reason, stuck_step, seen, unless_news, park, park_until, waits_for)
            ), free AS (
              SELECT w.saga_id
                FROM @schema.saga_wake w JOIN v ON v.id = w.saga_id
               WHERE v.unless_news AND w.owner = ? AND w.bumped = v.seen
               ORDER BY w.saga_id
                 FOR UPDATE OF w SKIP LOCKED
            ), mine AS (
              SELECT i.id
                FROM @schema.saga_instance i JOIN v ON v.id = i.id
               WHERE i.epoch = v.epoch AND i.version = v.version AND (NOT v.unless_news OR i.id IN (SELECT saga_id FROM free))
               ORDER BY i.id
                 FOR NO KEY UPDATE OF i
            ), written AS (
              UPDATE @schema.saga_instance i
                 SET version = i.version + 1, state = v.state, forward_only = v.forward_only, failure = v.failure::jsonb,
                     progress = v.progress::jsonb, stuck_reason = v.stuck_reason,
                     stuck_step = CASE WHEN v.stuck_reason IS NOT NULL THEN coalesce(v.stuck_step, i.stuck_step) END,
                     stuck_at = CASE WHEN v.stuck_reason IS NULL THEN NULL ELSE coalesce(i.stuck_at, clock_timestamp()) END,
                     claims = 0, waits_for = v.waits_for::uuid[],
                     ended_at = CASE WHEN v.state IN ('COMPLETED', 'COMPENSATED') THEN @now END
                FROM v JOIN mine ON mine.id = v.id
               WHERE i.id = v.id
              RETURNING i.id, i.ended_at IS NOT NULL AS ended, v.park, v.park_until
            ), gone AS (
              DELETE FROM @schema.saga_wake
               WHERE saga_id IN (SELECT w.saga_id FROM @schema.saga_wake w JOIN written ON written.id = w.saga_id
                                  WHERE written.ended ORDER BY w.saga_id FOR UPDATE OF w SKIP LOCKED)
            ), parked AS (
              UPDATE @schema.saga_wake w SET owner = NULL FROM written WHERE w.saga_id = written.id AND written.park
            ), timed AS (
              INSERT INTO @schema.saga_timer (saga_id, due_at)
              SELECT id, park_until FROM written WHERE park AND park_until IS NOT NULL
              ON CONFLICT (saga_id) DO UPDATE SET due_at = excluded.due_at
            )
            SELECT id FROM written
            """);
  }

  // ---- the owner's writes

  /**
   * Writes a batch, each row only where epoch and version are still what its owner knows.
   *
   * <p>An ended instance's wake row goes; one that a signal's transaction holds at this moment
   * stays and is swept up later. Parking takes the wake row and compares: news that were committed
   * count, and a locked row means that news are on their way, so it does not park.
   *
   * @param ahead of virtual time
   * @return ids of what was written; what is missing has another owner or, with {@code park}, news
   */
  Set<UUID> write(Connection c, String owner, List<Write> writes, Duration ahead)
      throws SQLException {
    String sql = write.ahead(ahead);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      int i = 1;
      statement.setArray(i++, array(c, "uuid", writes, Write::id));
      statement.setArray(i++, array(c, "bigint", writes, Write::epoch));
      statement.setArray(i++, array(c, "bigint", writes, Write::version));
      statement.setArray(i++, array(c, "text", writes, w -> w.state().name()));
      statement.setArray(i++, array(c, "boolean", writes, Write::forwardOnly));
      statement.setArray(i++, array(c, "text", writes, Write::failure));
      statement.setArray(i++, array(c, "text", writes, Write::progress));
      statement.setArray(i++, array(c, "text", writes, Write::stuckReason));
      statement.setArray(i++, array(c, "text", writes, Write::stuckStep));
      statement.setArray(i++, array(c, "bigint", writes, Write::seen));
      statement.setArray(i++, array(c, "boolean", writes, Write::unlessNews));
      statement.setArray(i++, array(c, "boolean", writes, Write::park));
      statement.setArray(
          i++,
          array(
              c,
              "text",
              writes,
              w -> w.parkUntil() == null ? null : String.valueOf(w.parkUntil())));
      // As texts: an array of arrays would come apart into single ids.
      statement.setArray(
          i++,
          array(
              c,
              "text",
              writes,
              w ->
                  w.waitsFor().stream()
                      .map(UUID::toString)
                      .collect(Collectors.joining(",", "{", "}"))));
      statement.setString(i, owner);
      return ids(statement);
    }
  }

  private interface Column {
    @Nullable Object of(Write write);
  }

  private static Array array(Connection c, String type, List<Write> writes, Column column)
      throws SQLException {
    return c.createArrayOf(type, writes.stream().map(column::of).toArray());
  }

  private static Set<UUID> ids(PreparedStatement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery()) {
      Set<UUID> ids = new HashSet<>();
      while (rows.next()) {
        ids.add(rows.getObject(1, UUID.class));
      }
      return ids;
    }
  }

  // ---- claiming

  /** Takes instances that have news and no owner, of those that this process can run. */
  List<Claim> claimNews(Connection c, String owner, Runnables runnable, int limit)
      throws SQLException {
    return claim(
        c,
        """
         WHERE w.bumped > w.seen AND w.owner IS NULL
           AND (SELECT %2$s FROM %1$s.saga_instance i WHERE i.id = w.saga_id)
         ORDER BY w.saga_id
        """,
        owner,
        limit,
        runnable.parameters(c));
  }

  /** Takes instances of nodes whose lease is over, of those that this process can run. */
  List<Claim> claimOfDead(
      Connection c, String owner, Collection<String> dead, Runnables runnable, int limit)
      throws SQLException {
    return claim(
        c,
        """
          LEFT JOIN %1$s.saga_node n ON n.name = w.owner
         WHERE w.owner = ANY (?) AND (n.name IS NULL OR n.lease_until < clock_timestamp())
           AND (SELECT %2$s FROM %1$s.saga_instance i WHERE i.id = w.saga_id)
         ORDER BY w.saga_id
        """,
        owner,
        limit,
        runnable.parameters(c, c.createArrayOf("text", dead.toArray())));
  }

  /** Takes instances that are this node's own and in nobody's memory. */
  List<Claim> claimOwn(
      Connection c, String owner, Collection<UUID> ids, Runnables runnable, int limit)
      throws SQLException {
    return claim(
        c,
        """
         WHERE w.owner = ? AND w.saga_id = ANY (?)
           AND (SELECT %2$s FROM %1$s.saga_instance i WHERE i.id = w.saga_id)
         ORDER BY w.saga_id
        """,
        owner,
        limit,
        runnable.parameters(c, owner, c.createArrayOf("uuid", ids.toArray())));
  }

  /** Gives up what is a node's own by its name only, of those that it can't run. */
  void giveUpUnknown(Connection c, String owner, Collection<UUID> ids, Runnables runnable)
      throws SQLException {
    String sql =
        """
        UPDATE %1$s.saga_wake w
           SET owner = NULL, bumped = w.bumped + 1
         WHERE w.saga_id IN (SELECT w.saga_id FROM %1$s.saga_wake w JOIN %1$s.saga_instance i ON i.id = w.saga_id
                              WHERE w.owner = ? AND w.saga_id = ANY (?)
                                AND NOT (%2$s)
                              ORDER BY w.saga_id FOR UPDATE OF w SKIP LOCKED)
        """
            .formatted(schema, RUNNABLE.formatted(schema));
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, owner);
      statement.setArray(2, c.createArrayOf("uuid", ids.toArray()));
      int i = 3;
      for (Object parameter : runnable.parameters(c)) {
        statement.setObject(i++, parameter);
      }
      statement.executeUpdate();
    }
  }

  /**
   * The new owner's epoch fences the old one's writes. Both rows are locked in the order of ids,
   * and what somebody else holds at this moment is left for the next round. Its timer, if there is
   * one, has done its work: an instance in memory looks after its own.
   *
   * <p>The candidates ask for their instance in a scalar subquery and not in a join: with some
   * statistics a planner would begin a join with all instances, and not with the wake rows, of
   * which few have news.
   */
  private List<Claim> claim(
      Connection c, String candidates, String owner, int limit, Object... parameters)
      throws SQLException {
    String sql =
        """
        WITH c AS (
          SELECT w.saga_id, w.owner
            FROM %1$s.saga_wake w
          %2$s
           LIMIT ?
             FOR UPDATE OF w SKIP LOCKED
        ), free AS (
          SELECT i.id, c.owner
            FROM %1$s.saga_instance i JOIN c ON c.saga_id = i.id
           ORDER BY i.id
             FOR NO KEY UPDATE OF i SKIP LOCKED
        ), taken AS (
          UPDATE %1$s.saga_wake w SET owner = ?, seen = w.bumped FROM free WHERE w.saga_id = free.id
          RETURNING w.saga_id, w.seen, free.owner AS previous
        ), untimed AS (
          DELETE FROM %1$s.saga_timer t USING free WHERE t.saga_id = free.id
        )
        UPDATE %1$s.saga_instance i
           SET epoch = i.epoch + 1, claims = i.claims + 1
          FROM taken
         WHERE i.id = taken.saga_id
        RETURNING %3$s, taken.seen, taken.previous
        """
            .formatted(schema, candidates.formatted(schema, RUNNABLE.formatted(schema)), COLUMNS);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      int i = 1;
      for (Object parameter : parameters) {
        statement.setObject(i++, parameter);
      }
      statement.setInt(i++, limit);
      statement.setString(i, owner);
      try (ResultSet rows = statement.executeQuery()) {
        List<Claim> claims = new ArrayList<>();
        while (rows.next()) {
          claims.add(
              new Claim(
                  row(rows), rows.getLong(COLUMN_COUNT + 1), rows.getString(COLUMN_COUNT + 2)));
        }
        return claims;
      }
    }
  }

  /** Everything that is a node's own, and up to where its news count as seen. */
  Map<UUID, Long> owned(Connection c, String owner) throws SQLException {
    String sql = "SELECT saga_id, seen FROM %s.saga_wake WHERE owner = ?".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, owner);
      return seen(statement);
    }
  }

  private static Map<UUID, Long> seen(PreparedStatement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery()) {
      Map<UUID, Long> seen = new HashMap<>();
      while (rows.next()) {
        seen.put(rows.getObject(1, UUID.class), rows.getLong(2));
      }
      return seen;
    }
  }

  /** Own instances that have news, and up to where; from now on the news count as seen. */
  Map<UUID, Long> takeNews(Connection c, String owner, int limit) throws SQLException {
    String sql =
        """
        UPDATE %1$s.saga_wake w
           SET seen = w.bumped
         WHERE w.saga_id IN (SELECT saga_id FROM %1$s.saga_wake WHERE bumped > seen AND owner = ?
                              ORDER BY saga_id LIMIT ? FOR UPDATE SKIP LOCKED)
        RETURNING w.saga_id, w.seen
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, owner);
      statement.setInt(2, limit);
      return seen(statement);
    }
  }

  /**
   * Marks an instance as stuck that can't be gone on with, and has somebody look at it again after
   * a while. Says nothing that comes from the instance, because that may be what can't be written.
   *
   * @param ahead of virtual time
   */
  void shelve(
      Connection c,
      String owner,
      UUID id,
      long epoch,
      String reason,
      Duration pause,
      Duration ahead)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(shelve.ahead(ahead))) {
      int i = 1;
      statement.setObject(i++, id);
      statement.setLong(i++, epoch);
      statement.setString(i++, reason);
      statement.setObject(i++, id);
      statement.setString(i++, owner);
      statement.setString(i, TimedSql.interval(pause));
      statement.executeUpdate();
    }
  }

  /**
   * Gives what is a node's own to whoever comes first. What a signal's transaction holds at this
   * moment stays, and is taken over when the lease has ended.
   */
  void giveUp(Connection c, String owner) throws SQLException {
    String sql =
        """
        UPDATE %1$s.saga_wake w
           SET owner = NULL, bumped = w.bumped + 1
         WHERE w.saga_id IN (SELECT saga_id FROM %1$s.saga_wake WHERE owner = ? ORDER BY saga_id FOR UPDATE SKIP LOCKED)
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, owner);
      statement.executeUpdate();
    }
  }

  /**
   * Removes a node's own wake rows of ended instances that could not go with the end. A child that
   * was made to turn back meanwhile has no owner: the row is looked at again once it is locked.
   */
  void sweep(Connection c, String owner, Collection<UUID> ended) throws SQLException {
    String sql =
        """
        DELETE FROM %1$s.saga_wake
         WHERE saga_id IN (SELECT w.saga_id FROM %1$s.saga_wake w JOIN %1$s.saga_instance i ON i.id = w.saga_id
                            WHERE w.saga_id = ANY (?) AND w.owner = ? AND i.ended_at IS NOT NULL
                            ORDER BY w.saga_id FOR UPDATE OF w SKIP LOCKED)
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", ended.toArray()));
      statement.setString(2, owner);
      statement.executeUpdate();
    }
  }

  // ---- news from others

  /** Tells the owner that there is news; nothing happens to an instance that has ended. */
  void bump(Connection c, UUID id) throws SQLException {
    String sql = "UPDATE %s.saga_wake SET bumped = bumped + 1 WHERE saga_id = ?".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setObject(1, id);
      statement.executeUpdate();
    }
  }

  /**
   * Turns due timers into news.
   *
   * @param ahead of virtual time
   */
  int fireTimers(Connection c, int limit, Duration ahead) throws SQLException {
    String sql = fireTimers.ahead(ahead);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setInt(1, limit);
      return statement.executeUpdate();
    }
  }

  // ---- children

  /** Says whose step an instance is that was born in this transaction. */
  void adopt(Connection c, UUID child, UUID parent, StepKey key) throws SQLException {
    String sql =
        "UPDATE %s.saga_instance SET parent_id = ?, parent_step = ?, parent_item = ? WHERE id = ?"
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setObject(1, parent);
      statement.setString(2, key.step());
      statement.setInt(3, key.item());
      statement.setObject(4, child);
      statement.executeUpdate();
    }
  }

  /**
   * Has a completed child turn back. Nobody owns it then, whoever did before: a wake row that could
   * not go with the end may still be there.
   *
   * @param notAfter nothing happens past it
   * @return whether it was completed
   */
  boolean reopen(Connection c, UUID child, @Nullable String failure, Instant notAfter)
      throws SQLException {
    String sql =
        """
        WITH child AS (
          UPDATE %1$s.saga_instance
             SET state = 'CLOSING', failure = ?::jsonb, ended_at = NULL, epoch = epoch + 1, version = version + 1, claims = 0,
                 stuck_at = NULL, stuck_reason = NULL
           WHERE id = ? AND state = 'COMPLETED' AND clock_timestamp() < ?
          RETURNING id
        )
        INSERT INTO %1$s.saga_wake AS w (saga_id, bumped)
        SELECT id, 1 FROM child
        ON CONFLICT (saga_id) DO UPDATE SET owner = NULL, bumped = w.bumped + 1
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, failure);
      statement.setObject(2, child);
      statement.setObject(3, OffsetDateTime.ofInstant(notAfter, java.time.ZoneOffset.UTC));
      return statement.executeUpdate() == 1;
    }
  }

  /** Which of the instances are there. */
  Set<UUID> present(Connection c, Collection<UUID> ids) throws SQLException {
    String sql = "SELECT id FROM %s.saga_instance WHERE id = ANY (?)".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", ids.toArray()));
      return ids(statement);
    }
  }

  // ---- looking

  Optional<Row> find(Connection c, UUID id) throws SQLException {
    String sql = "SELECT %s FROM %s.saga_instance i WHERE i.id = ?".formatted(COLUMNS, schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setObject(1, id);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() ? Optional.of(row(rows)) : Optional.empty();
      }
    }
  }

  /** Who works on it; null when it waits or has ended. */
  @Nullable String owner(Connection c, UUID id) throws SQLException {
    String sql = "SELECT owner FROM %s.saga_wake WHERE saga_id = ?".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setObject(1, id);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() ? rows.getString(1) : null;
      }
    }
  }

  /** What has not ended. */
  SagaCounts counts(Connection c) throws SQLException {
    String sql =
        """
        SELECT i.state, count(*), count(i.stuck_at)
          FROM %1$s.saga_wake w JOIN %1$s.saga_instance i ON i.id = w.saga_id
         WHERE i.ended_at IS NULL
         GROUP BY i.state
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
      Map<SagaState, Long> byState = new EnumMap<>(SagaState.class);
      long stuck = 0;
      while (rows.next()) {
        byState.put(SagaState.valueOf(rows.getString(1)), rows.getLong(2));
        stuck += rows.getLong(3);
      }
      return new SagaCounts(byState, stuck);
    }
  }

  private static Row row(ResultSet r) throws SQLException {
    int i = 1;
    return new Row(
        r.getObject(i++, UUID.class),
        r.getString(i++),
        r.getInt(i++),
        r.getString(i++),
        r.getInt(i++),
        r.getBytes(i++),
        r.getString(i++),
        SagaState.valueOf(r.getString(i++)),
        r.getBoolean(i++),
        r.getString(i++),
        r.getLong(i++),
        r.getLong(i++),
        r.getInt(i++),
        r.getString(i++),
        r.getString(i++),
        Set.of((String[]) r.getArray(i++).getArray()),
        parent(r.getObject(i++, UUID.class), r.getString(i++), r.getInt(i++)),
        r.getObject(i++, OffsetDateTime.class).toInstant(),
        instant(r.getObject(i++, OffsetDateTime.class)),
        instant(r.getObject(i, OffsetDateTime.class)));
  }

  private static @Nullable Parent parent(@Nullable UUID id, @Nullable String step, int item) {
    return id == null || step == null ? null : new Parent(id, new StepKey(step, item));
  }

  private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
    return time == null ? null : time.toInstant();
  }
}
