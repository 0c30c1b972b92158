package dev.evenkeel.saga;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Statements on {@code saga_lock}, and on which sagas wait for which. */
final class LockTable {

  /**
   * A lock to take.
   *
   * @param hold the step that takes it, with its item
   */
  record Take(String name, String key, int slot, UUID sagaId, String hold, Duration ttl) {}

  /** A lock that a saga has. Equal to another as long as nobody has taken it anew. */
  record Held(String name, String key, UUID sagaId, Instant expiresAt, boolean isExpired) {}

  /**
   * A saga among those that wait.
   *
   * @param waitsFor sagas whose locks it waits for
   */
  record Waiter(
      UUID id,
      Instant createdAt,
      boolean isEnded,
      @Nullable UUID parentId,
      Collection<UUID> waitsFor) {}

  private final String schema;
  private final TimedSql acquire;
  private final TimedSql find;
  private final TimedSql takeOver;

  LockTable(String schema) {
    this.schema = schema;
    this.acquire =
        new TimedSql(
            schema,
            """
            INSERT INTO @schema.saga_lock AS l (name, key, slot, saga_id, holds, taken_at, expires_at)
            SELECT ?, ?, ?, ?, ARRAY[?], @now, @now + ?::interval
            ON CONFLICT (name, key) DO UPDATE
               SET holds = CASE WHEN l.holds @> excluded.holds THEN l.holds ELSE l.holds || excluded.holds END,
                   expires_at = greatest(l.expires_at, excluded.expires_at)
             WHERE l.saga_id = excluded.saga_id
            """);
    this.find =
        new TimedSql(
            schema,
            """
            SELECT saga_id, expires_at, expires_at < @now FROM @schema.saga_lock WHERE name = ? AND key = ?
            """);
    this.takeOver =
        new TimedSql(
            schema,
            """
            UPDATE @schema.saga_lock
               SET slot = ?, saga_id = ?, holds = ARRAY[?], taken_at = @now, expires_at = @now + ?::interval
             WHERE name = ? AND key = ? AND saga_id = ? AND expires_at = ?
            """);
  }

  /** Takes a lock that is free, or the saga's own; whether it did. */
  boolean acquire(Connection c, Take take, Duration ahead) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(acquire.ahead(ahead))) {
      int i = 1;
      statement.setString(i++, take.name());
      statement.setString(i++, take.key());
      statement.setInt(i++, take.slot());
      statement.setObject(i++, take.sagaId());
      statement.setString(i++, take.hold());
      statement.setString(i, TimedSql.interval(take.ttl()));
      return statement.executeUpdate() == 1;
    }
  }

  /** Who has it. */
  Optional<Held> find(Connection c, String name, String key, Duration ahead) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(find.ahead(ahead))) {
      statement.setString(1, name);
      statement.setString(2, key);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next()
            ? Optional.of(
                new Held(
                    name,
                    key,
                    rows.getObject(1, UUID.class),
                    rows.getObject(2, OffsetDateTime.class).toInstant(),
                    rows.getBoolean(3)))
            : Optional.empty();
      }
    }
  }

  /** Takes a lock from a saga that has ended; whether it is as it was seen. */
  boolean takeOver(Connection c, Take take, Held from, Duration ahead) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(takeOver.ahead(ahead))) {
      int i = 1;
      statement.setInt(i++, take.slot());
      statement.setObject(i++, take.sagaId());
      statement.setString(i++, take.hold());
      statement.setString(i++, TimedSql.interval(take.ttl()));
      statement.setString(i++, take.name());
      statement.setString(i++, take.key());
      statement.setObject(i++, from.sagaId());
      statement.setObject(i, OffsetDateTime.ofInstant(from.expiresAt(), ZoneOffset.UTC));
      return statement.executeUpdate() == 1;
    }
  }

  /** Frees a saga's lock, whoever of it has taken it. */
  void release(Connection c, String name, String key, UUID sagaId) throws SQLException {
    String sql =
        "DELETE FROM %s.saga_lock WHERE name = ? AND key = ? AND saga_id = ?".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, name);
      statement.setString(2, key);
      statement.setObject(3, sagaId);
      statement.executeUpdate();
    }
  }

  /** Takes one step's part of a lock back; the last one frees it. */
  void releaseHold(Connection c, String name, String key, UUID sagaId, String hold)
      throws SQLException {
    // Locked first: of two that let go at one time the second has to see what the first has left.
    String sql =
        """
        UPDATE %s.saga_lock SET holds = array_remove(holds, ?) WHERE name = ? AND key = ? AND saga_id = ?
        RETURNING cardinality(holds)
        """
            .formatted(schema);
    boolean isLast;
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, hold);
      statement.setString(2, name);
      statement.setString(3, key);
      statement.setObject(4, sagaId);
      try (ResultSet rows = statement.executeQuery()) {
        isLast = rows.next() && rows.getInt(1) == 0;
      }
    }
    if (isLast) {
      release(c, name, key, sagaId);
    }
  }

  /** Deletes what the sagas have not released. */
  void delete(Connection c, Collection<UUID> sagaIds) throws SQLException {
    String sql = "DELETE FROM %s.saga_lock WHERE saga_id = ANY (?)".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", sagaIds.toArray()));
      statement.executeUpdate();
    }
  }

  /** Those of the sagas that this is the home shard of, and for whom they wait. */
  List<Waiter> waiters(Connection c, Collection<UUID> sagaIds) throws SQLException {
    String sql =
        """
        SELECT id, created_at, ended_at IS NOT NULL, parent_id, waits_for FROM %s.saga_instance WHERE id = ANY (?)
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", sagaIds.toArray()));
      try (ResultSet rows = statement.executeQuery()) {
        List<Waiter> found = new ArrayList<>();
        while (rows.next()) {
          found.add(
              new Waiter(
                  rows.getObject(1, UUID.class),
                  rows.getObject(2, OffsetDateTime.class).toInstant(),
                  rows.getBoolean(3),
                  rows.getObject(4, UUID.class),
                  List.of((UUID[]) rows.getArray(5).getArray())));
        }
        return found;
      }
    }
  }
}
