package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.Fence;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Statements on {@code parked_key} and {@code parked_message}. */
final class ParkedTable extends SchemaTable {

  /** What is stored of an error's text. */
  private static final int MAX_ERROR = 4_000;

  static final String COLUMNS =
      "consumer, message_id, aggregatetype, aggregateid, type, version, created_at, headers, payload,"
          + " state, reason, error, attempts, parked_at, aside, revision";

  ParkedTable(String schema) {
    super(schema);
  }

  /**
   * Whether the fence still holds. A takeover of the relay locks its row FOR UPDATE and so waits
   * for KEY SHARE; the leader's own renewals, which many parking lanes must not hold up, do not. A
   * claim of a partition updates its row and so waits for SHARE.
   */
  boolean holds(Connection c, Fence fence) throws SQLException {
    String name =
        SessionNames.of(schema, fence, "park"); // a takeover ends those of a silent leader
    return fence.ofRelay()
        ? exists(
            c,
            """
            SELECT set_config('application_name', ?, true) FROM %s.relay_state WHERE epoch = ? FOR KEY SHARE
            """,
            name,
            fence.epoch())
        : exists(
            c,
            """
            SELECT set_config('application_name', ?, true) FROM %s.inbox_partition
             WHERE source = ? AND epoch = ? FOR SHARE
            """,
            name,
            fence.source(),
            fence.epoch());
  }

  List<UUID> settled(Connection c, String consumer, int limit) throws SQLException {
    return query(
        c,
        """
        SELECT message_id FROM %s.parked_message
         WHERE consumer = ? AND (state = 'DISCARDED' OR aside)
         ORDER BY position DESC LIMIT ?
        """,
        row -> row.getObject(1, UUID.class),
        consumer,
        limit);
  }

  /** Raises the partition's epoch; returns the new one. */
  long claim(Connection c, String source, String owner) throws SQLException {
    return query(
            c,
            """
            INSERT INTO %s.inbox_partition AS p (source, epoch, owner, assigned_at)
            VALUES (?, 1, ?, clock_timestamp())
            ON CONFLICT (source) DO UPDATE
               SET epoch = p.epoch + 1, owner = excluded.owner, assigned_at = excluded.assigned_at
            RETURNING epoch
            """,
            row -> row.getLong(1),
            source,
            owner)
        .get(0);
  }

  /**
   * Makes the key's row, due after the delay; null: not due by itself. False: it is there already.
   */
  boolean insertKey(
      Connection c,
      String source,
      String consumer,
      OrderKey key,
      @Nullable Duration dueIn,
      Duration offset)
      throws SQLException {
    return update(
            c,
            """
            INSERT INTO %s.parked_key (consumer, aggregatetype, aggregateid, source, next_attempt_at)
            VALUES (?, ?, ?, ?, clock_timestamp() + ?::interval + ?::interval)
            ON CONFLICT DO NOTHING
            """,
            consumer,
            key.aggregateType(),
            key.aggregateId(),
            source,
            interval(dueIn),
            interval(offset))
        == 1;
  }

  /** Locks the key's row. False: it is not parked. */
  boolean lockKey(Connection c, String consumer, OrderKey key) throws SQLException {
    return exists(
        c,
        """
        SELECT FROM %s.parked_key
         WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ? FOR UPDATE
        """,
        consumer,
        key.aggregateType(),
        key.aggregateId());
  }

  /** Locks the key's row. False: it is not parked, or another source's. */
  boolean lockKeyOf(Connection c, Fence fence, String consumer, OrderKey key) throws SQLException {
    return exists(
        c,
        """
        SELECT FROM %s.parked_key
         WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ? AND source = ? FOR UPDATE
        """,
        consumer,
        key.aggregateType(),
        key.aggregateId(),
        fence.source());
  }

  boolean adopt(Connection c, Fence fence, ParkedStore.Key key) throws SQLException {
    return update(
            c,
            """
            UPDATE %s.parked_key SET source = ?
             WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ? AND source = ?
            """,
            fence.source(),
            key.consumer(),
            key.key().aggregateType(),
            key.key().aggregateId(),
            key.source())
        == 1;
  }

  void scheduleKey(
      Connection c, String consumer, OrderKey key, @Nullable Duration dueIn, Duration offset)
      throws SQLException {
    update(
        c,
        """
        UPDATE %s.parked_key SET next_attempt_at = clock_timestamp() + ?::interval + ?::interval
         WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ?
        """,
        interval(dueIn),
        interval(offset),
        consumer,
        key.aggregateType(),
        key.aggregateId());
  }

  void deleteKey(Connection c, String consumer, OrderKey key) throws SQLException {
    update(
        c,
        "DELETE FROM %s.parked_key WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ?",
        consumer,
        key.aggregateType(),
        key.aggregateId());
  }

  List<ParkedStore.Key> dueKeys(
      Connection c, Collection<String> sources, int limit, Duration offset) throws SQLException {
    return query(
        c,
        """
        SELECT source, consumer, aggregatetype, aggregateid FROM %s.parked_key
         WHERE source = ANY (?) AND next_attempt_at <= clock_timestamp() + ?::interval
         ORDER BY next_attempt_at LIMIT ?
        """,
        ParkedTable::key,
        texts(c, sources),
        interval(offset),
        limit);
  }

  List<ParkedStore.Key> keys(
      Connection c,
      String source,
      Collection<String> consumers,
      ParkedStore.@Nullable Key after,
      int limit)
      throws SQLException {
    return query(
        c,
        """
        SELECT source, consumer, aggregatetype, aggregateid FROM %s.parked_key
         WHERE source = ? AND consumer = ANY (?) AND (consumer, aggregatetype, aggregateid) > (?, ?, ?)
         ORDER BY consumer, aggregatetype, aggregateid LIMIT ?
        """,
        ParkedTable::key,
        source,
        texts(c, consumers),
        after == null ? "" : after.consumer(),
        after == null ? "" : after.key().aggregateType(),
        after == null ? "" : after.key().aggregateId(),
        limit);
  }

  private static ParkedStore.Key key(ResultSet row) throws SQLException {
    return new ParkedStore.Key(
        row.getString(1), row.getString(2), new OrderKey(row.getString(3), row.getString(4)));
  }

  private static Array texts(Connection c, Collection<String> texts) throws SQLException {
    return c.createArrayOf("text", texts.toArray());
  }

  /** False: the message is there already, in whatever state. */
  boolean insertMessage(Connection c, String source, ParkedMessage parked, Duration offset)
      throws SQLException {
    OutboxMessage m = parked.message();
    return update(
            c,
            """
            INSERT INTO %s.parked_message (consumer, message_id, aggregatetype, aggregateid, type, version,
                   created_at, headers, payload, slot, state, reason, error, attempts, aside, source, parked_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?::smallint, ?, ?, ?, ?, ?, ?, clock_timestamp() + ?::interval)
            ON CONFLICT (consumer, message_id) DO NOTHING
            """,
            parked.consumer(),
            m.id(),
            m.aggregateType(),
            m.aggregateId(),
            m.type(),
            m.version(),
            OffsetDateTime.ofInstant(m.createdAt(), ZoneOffset.UTC),
            HeadersJson.write(m.headers()),
            m.payload(),
            m.slot(),
            parked.state().name(),
            parked.reason().name(),
            shortened(parked.error()),
            parked.attempts(),
            parked.aside(),
            source,
            interval(offset))
        == 1;
  }

  /** The one message of the key that is tried or blocks it, if its key is parked. */
  @Nullable ParkedMessage head(Connection c, String consumer, OrderKey key) throws SQLException {
    List<ParkedMessage> heads =
        query(
            c,
            "SELECT "
                + COLUMNS
                + """
                  FROM %s.parked_message
                 WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ?
                   AND state IN ('RETRYING', 'DEAD') AND NOT aside
                """,
            ParkedTable::parked,
            consumer,
            key.aggregateType(),
            key.aggregateId());
    return heads.isEmpty() ? null : heads.get(0);
  }

  /**
   * What follows the head, in order.
   *
   * @param bytes of payload, at most; the first message comes whatever its size
   */
  List<ParkedMessage> queued(Connection c, String consumer, OrderKey key, int limit, long bytes)
      throws SQLException {
    return query(
        c,
        "SELECT "
            + COLUMNS
            + """
               FROM (SELECT *, sum(octet_length(payload)) OVER (ORDER BY position) - octet_length(payload) AS before
                       FROM (SELECT * FROM %s.parked_message
                              WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ? AND state = 'QUEUED'
                              ORDER BY position LIMIT ?) AS next) AS measured
              WHERE before < ? ORDER BY position
              """,
        ParkedTable::parked,
        consumer,
        key.aggregateType(),
        key.aggregateId(),
        limit,
        bytes);
  }

  List<ParkedMessage> find(Connection c, String consumer, UUID id) throws SQLException {
    return query(
        c,
        "SELECT " + COLUMNS + " FROM %s.parked_message WHERE consumer = ? AND message_id = ?",
        ParkedTable::parked,
        consumer,
        id);
  }

  List<ParkedMessage> dead(Connection c, int limit) throws SQLException {
    return query(
        c,
        "SELECT "
            + COLUMNS
            + " FROM %s.parked_message WHERE state = 'DEAD' ORDER BY position LIMIT ?",
        ParkedTable::parked,
        limit);
  }

  /**
   * The transition between states that have not ended, from what was read. False: it was in another
   * state, or edited since.
   */
  boolean move(
      Connection c, ParkedMessage from, ParkedState to, @Nullable String error, int attempts)
      throws SQLException {
    return update(
            c,
            """
            UPDATE %s.parked_message SET state = ?, error = coalesce(?, error), attempts = ?
             WHERE consumer = ? AND message_id = ? AND state = ? AND revision = ?
            """,
            to.name(),
            shortened(error),
            attempts,
            from.consumer(),
            from.message().id(),
            from.state().name(),
            from.revision())
        == 1;
  }

  /** The head becomes a dead letter that does not hold its key. False: see {@link #move}. */
  boolean setAside(Connection c, String source, ParkedMessage head, String error, int attempts)
      throws SQLException {
    return update(
            c,
            """
            UPDATE %s.parked_message SET state = 'DEAD', aside = true, source = ?, error = ?, attempts = ?
             WHERE consumer = ? AND message_id = ? AND state = ? AND NOT aside AND revision = ?
            """,
            source,
            shortened(error),
            attempts,
            head.consumer(),
            head.message().id(),
            head.state().name(),
            head.revision())
        == 1;
  }

  /** What was set aside has its place in its key's order again. False: see {@link #move}. */
  boolean takeBack(Connection c, ParkedMessage dead, ParkedState to) throws SQLException {
    return update(
            c,
            """
            UPDATE %s.parked_message SET state = ?, aside = false, attempts = 0
             WHERE consumer = ? AND message_id = ? AND state = 'DEAD' AND aside AND revision = ?
            """,
            to.name(),
            dead.consumer(),
            dead.message().id(),
            dead.revision())
        == 1;
  }

  /** Ends the head and those that followed it. Returns how many were still waiting. */
  int endHandled(
      Connection c, String consumer, List<UUID> ids, String by, String because, Duration offset)
      throws SQLException {
    return update(
        c,
        """
        UPDATE %s.parked_message
           SET state = 'HANDLED', ended_at = clock_timestamp() + ?::interval, ended_by = ?, ended_because = ?
         WHERE consumer = ? AND message_id = ANY (?) AND state IN ('RETRYING', 'QUEUED')
        """,
        interval(offset),
        by,
        because,
        consumer,
        c.createArrayOf("uuid", ids.toArray()));
  }

  /** Ends a message. False: it was in another state. */
  boolean end(
      Connection c, ParkedMessage from, ParkedState to, String by, String because, Duration offset)
      throws SQLException {
    return update(
            c,
            """
            UPDATE %s.parked_message
               SET state = ?, ended_at = clock_timestamp() + ?::interval, ended_by = ?, ended_because = ?
             WHERE consumer = ? AND message_id = ? AND state = ? AND revision = ?
            """,
            to.name(),
            interval(offset),
            by,
            because,
            from.consumer(),
            from.message().id(),
            from.state().name(),
            from.revision())
        == 1;
  }

  ParkedMessages.Counts counts(Connection c) throws SQLException {
    return query(
            c,
            """
            SELECT (SELECT count(*) FROM %1$s.parked_key),
                   (SELECT count(*) FROM %1$s.parked_message WHERE state = 'DEAD')
            """,
            row -> new ParkedMessages.Counts(row.getLong(1), row.getLong(2)))
        .get(0);
  }

  /** Removes ended rows past the window, with what operators did to them. */
  int reap(Connection c, Duration window, Duration offset, int limit) throws SQLException {
    return query(
            c,
            """
            WITH gone AS (
                DELETE FROM %1$s.parked_message WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM %1$s.parked_message
                     WHERE ended_at < clock_timestamp() + ?::interval - ?::interval LIMIT ?))
                RETURNING consumer, message_id),
            acted AS (
                DELETE FROM %1$s.parked_action AS a USING gone
                 WHERE a.consumer = gone.consumer AND a.message_id = gone.message_id)
            SELECT count(*) FROM gone
            """,
            row -> row.getInt(1),
            interval(offset),
            interval(window),
            limit)
        .get(0);
  }

  static ParkedMessage parked(ResultSet row) throws SQLException {
    return new ParkedMessage(
        row.getString("consumer"),
        new OutboxMessage(
            row.getObject("message_id", UUID.class),
            row.getString("aggregatetype"),
            row.getString("aggregateid"),
            row.getString("type"),
            row.getInt("version"),
            row.getBytes("payload"),
            HeadersJson.stored(row.getString("headers")),
            row.getObject("created_at", OffsetDateTime.class).toInstant()),
        ParkedState.valueOf(row.getString("state")),
        ParkReason.valueOf(row.getString("reason")),
        row.getString("error"),
        row.getInt("attempts"),
        row.getObject("parked_at", OffsetDateTime.class).toInstant(),
        row.getBoolean("aside"),
        row.getInt("revision"));
  }

  private static @Nullable String shortened(@Nullable String error) {
    if (error == null) {
      return null;
    }
    String storable = error.replace('\0', '\uFFFD'); // PostgreSQL has no NUL in a text
    return storable.substring(0, Math.min(storable.length(), MAX_ERROR));
  }
}
