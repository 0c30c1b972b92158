package dev.evenkeel.saga;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Statements on {@code saga_key}, and the start, which begins there: who starts or signals a key
 * first locks its row, so that one waits for the other's commit and then sees it.
 */
final class KeyTable {

  /**
   * A start.
   *
   * @param id proposed; a signal that came first has given another
   * @param localParticipants pinned for the instance's life
   * @param owner of the instance; null to leave it to whoever comes first
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Start(
      int slot,
      String saga,
      int version,
      String key,
      UUID id,
      byte[] requestHash,
      byte[] command,
      String headers,
      Set<String> localParticipants,
      @Nullable Duration deadline,
      @Nullable String owner) {}

  /**
   * What a start found.
   *
   * @param id of the instance
   * @param isNew whether this start made it
   * @param isFirst whether nobody had named the key before, not even a signal
   * @param requestHash of the start that made it
   * @param createdAt when it is new
   * @param deadlineAt when it is new and has one
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Started(
      UUID id,
      boolean isNew,
      boolean isFirst,
      byte[] requestHash,
      @Nullable Instant createdAt,
      @Nullable Instant deadlineAt) {}

  /** A key. */
  record Key(UUID sagaId, boolean isStarted) {}

  private final String schema;
  private final TimedSql touch;
  private final TimedSql startSql;

  KeyTable(String schema) {
    this.schema = schema;
    this.touch =
        new TimedSql(
            schema,
            """
            INSERT INTO @schema.saga_key AS k (slot, saga, key, saga_id, expires_at)
            VALUES (?, ?, ?, ?, @now + ?::interval)
            ON CONFLICT (slot, saga, key) DO UPDATE
               SET expires_at = CASE WHEN k.started_by IS NULL THEN greatest(k.expires_at, excluded.expires_at) ELSE k.expires_at END
            RETURNING saga_id, started_by IS NOT NULL
            """);
    this.startSql =
        new TimedSql(
            schema,
            """
            SELECT pg_advisory_xact_lock_shared(hashtextextended(?, 0)), set_config('synchronous_commit', 'on', true);
            WITH k AS (
              INSERT INTO @schema.saga_key AS k (slot, saga, key, saga_id, started_by, request_hash)
              SELECT ?::smallint, ?, ?, ?::uuid, ?::uuid, ?::bytea
                FROM @schema.saga_definition
               WHERE saga = ? AND version = ? AND recorded_at = ?
                 AND (? OR current_setting('transaction_isolation') = 'read committed')
              ON CONFLICT (slot, saga, key) DO UPDATE
                 SET started_by = coalesce(k.started_by, excluded.started_by),
                     request_hash = coalesce(k.request_hash, excluded.request_hash),
                     expires_at = CASE WHEN k.started_by IS NULL THEN NULL ELSE k.expires_at END
              RETURNING saga_id, started_by = ? AS is_new, saga_id = ? AS is_first, request_hash
            ), i AS (
              INSERT INTO @schema.saga_instance (id, saga, saga_version, key, slot, command, headers, local_participants, created_at, deadline_at)
              SELECT saga_id, ?, ?, ?, ?, ?, ?::jsonb, ?, @now, @now + ?::interval
                FROM k WHERE is_new
              RETURNING created_at, deadline_at
            ), w AS (
              INSERT INTO @schema.saga_wake (saga_id, owner, bumped)
              SELECT saga_id, CASE WHEN is_first THEN ? END, CASE WHEN is_first AND ?::text IS NOT NULL THEN 0 ELSE 1 END
                FROM k WHERE is_new
            )
            SELECT k.saga_id, k.is_new, k.is_first, k.request_hash, i.created_at, i.deadline_at FROM k LEFT JOIN i ON true
            """);
  }

  /**
   * Starts, unless the key was started before: two statements, for the second has to see what was
   * committed before the first had its lock; one round trip. An instance that was signalled before
   * its start has news at birth and no owner: whoever claims it reads them. The caller's
   * transaction waits for the disk, whatever the session says: what a saga does on other shards
   * rests on its start.
   *
   * @param recordedAt when its definition got the shape that the caller knows
   * @param held whether the transaction has locked the definition's row; if not, nothing happens
   *     where the statement might read what was changed since
   * @param ahead of virtual time
   * @return empty if the definition is not known to have that shape; nothing has happened then
   */
  Optional<Started> start(
      Connection c, Start start, Instant recordedAt, boolean held, Duration ahead)
      throws SQLException {
    String sql = startSql.ahead(ahead);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      int i = 1;
      statement.setString(i++, DefinitionTable.startLock(schema, start.saga(), start.version()));
      statement.setInt(i++, start.slot());
      statement.setString(i++, start.saga());
      statement.setString(i++, start.key());
      statement.setObject(i++, start.id());
      statement.setObject(i++, start.id());
      statement.setBytes(i++, start.requestHash());
      statement.setString(i++, start.saga());
      statement.setInt(i++, start.version());
      statement.setObject(i++, recordedAt.atOffset(ZoneOffset.UTC));
      statement.setBoolean(i++, held);
      statement.setObject(i++, start.id());
      statement.setObject(i++, start.id());
      statement.setString(i++, start.saga());
      statement.setInt(i++, start.version());
      statement.setString(i++, start.key());
      statement.setInt(i++, start.slot());
      statement.setBytes(i++, start.command());
      statement.setString(i++, start.headers());
      statement.setArray(i++, c.createArrayOf("text", start.localParticipants().toArray()));
      Duration deadline = start.deadline();
      statement.setObject(
          i++, deadline == null ? null : TimedSql.interval(deadline), Types.VARCHAR);
      statement.setString(i++, start.owner());
      statement.setString(i, start.owner());
      statement.execute();
      statement.getMoreResults(); // the lock's
      try (ResultSet row = statement.getResultSet()) {
        if (!row.next()) {
          return Optional.empty();
        }
        OffsetDateTime created = row.getObject(5, OffsetDateTime.class);
        OffsetDateTime deadlineAt = row.getObject(6, OffsetDateTime.class);
        return Optional.of(
            new Started(
                row.getObject(1, UUID.class),
                row.getBoolean(2),
                row.getBoolean(3),
                row.getBytes(4),
                created == null ? null : created.toInstant(),
                deadlineAt == null ? null : deadlineAt.toInstant()));
      }
    }
  }

  /**
   * Takes a key for a signal, started or not.
   *
   * @param id given to the instance, should nobody have named the key before
   * @param retention how long the key waits for its start
   */
  Key touch(
      Connection c, int slot, String saga, String key, UUID id, Duration retention, Duration ahead)
      throws SQLException {
    String sql = touch.ahead(ahead);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setInt(1, slot);
      statement.setString(2, saga);
      statement.setString(3, key);
      statement.setObject(4, id);
      statement.setString(5, TimedSql.interval(retention));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new Key(row.getObject(1, UUID.class), row.getBoolean(2));
      }
    }
  }

  /** The instance of a key. */
  Optional<Key> find(Connection c, int slot, String saga, String key) throws SQLException {
    String sql =
        "SELECT saga_id, started_by IS NOT NULL FROM %s.saga_key WHERE slot = ? AND saga = ? AND key = ?"
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setInt(1, slot);
      statement.setString(2, saga);
      statement.setString(3, key);
      try (ResultSet row = statement.executeQuery()) {
        return row.next()
            ? Optional.of(new Key(row.getObject(1, UUID.class), row.getBoolean(2)))
            : Optional.empty();
      }
    }
  }
}
