package dev.evenkeel.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Statements on {@code parked_key} and {@code parked_message}. */
final class ParkedTable {

  /** What is stored of an error's text. */
  private static final int MAX_ERROR = 4_000;

  private static final String COLUMNS =
      "consumer, message_id, aggregatetype, aggregateid, type, version, created_at, headers, payload,"
          + " state, reason, error, attempts, parked_at";

  private final String schema;

  ParkedTable(String schema) {
    this.schema = schema;
  }

  /** A parked key that is due. */
  record DueKey(String consumer, OrderKey key) {}

  /**
   * Whether the epoch still leads. KEY SHARE keeps a takeover, which locks FOR UPDATE, out until
   * this transaction ends; it does not hold up the leader's own renewals, which plain SHARE would,
   * for as long as many lanes park at a time.
   */
  boolean leads(Connection c, long epoch) throws SQLException {
    return exists(
        c,
        """
        SELECT set_config('application_name', ?, true) FROM %s.relay_state WHERE epoch = ? FOR KEY SHARE
        """,
        SessionNames.of(schema, epoch, "park"), // a takeover ends the sessions of a silent leader
        epoch);
  }

  /**
   * Makes the key's row, due after the delay; null: not due by itself. False: it is there already.
   */
  boolean insertKey(
      Connection c, String consumer, OrderKey key, @Nullable Duration dueIn, Duration offset)
      throws SQLException {
    return update(
            c,
            """
            INSERT INTO %s.parked_key (consumer, aggregatetype, aggregateid, next_attempt_at)
            VALUES (?, ?, ?, clock_timestamp() + ?::interval + ?::interval)
            ON CONFLICT DO NOTHING
            """,
            consumer,
            key.aggregateType(),
            key.aggregateId(),
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

  List<DueKey> dueKeys(Connection c, int limit, Duration offset) throws SQLException {
    return query(
        c,
        """
        SELECT consumer, aggregatetype, aggregateid FROM %s.parked_key
         WHERE next_attempt_at <= clock_timestamp() + ?::interval
         ORDER BY next_attempt_at LIMIT ?
        """,
        row -> new DueKey(row.getString(1), new OrderKey(row.getString(2), row.getString(3))),
        interval(offset),
        limit);
  }

  /** False: the message is there already, in whatever state. */
  boolean insertMessage(Connection c, ParkedMessage parked, Duration offset) throws SQLException {
    OutboxMessage m = parked.message();
    return update(
            c,
            """
            INSERT INTO %s.parked_message (consumer, message_id, aggregatetype, aggregateid, type, version,
                   created_at, headers, payload, slot, state, reason, error, attempts, parked_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?::smallint, ?, ?, ?, ?, clock_timestamp() + ?::interval)
            ON CONFLICT DO NOTHING
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
            interval(offset))
        == 1;
  }

  /** The first message of the key that has not ended. */
  @Nullable ParkedMessage head(Connection c, String consumer, OrderKey key) throws SQLException {
    List<ParkedMessage> heads =
        query(
            c,
            "SELECT "
                + COLUMNS
                + """
                  FROM %s.parked_message
                 WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ? AND ended_at IS NULL
                 ORDER BY position LIMIT 1
                """,
            ParkedTable::parked,
            consumer,
            key.aggregateType(),
            key.aggregateId());
    return heads.isEmpty() ? null : heads.get(0);
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

  /** The only transition: from one expected state to another. False: it was in another state. */
  boolean move(
      Connection c, ParkedMessage from, ParkedState to, @Nullable String error, int attempts)
      throws SQLException {
    return update(
            c,
            """
            UPDATE %s.parked_message SET state = ?, error = coalesce(?, error), attempts = ?
             WHERE consumer = ? AND message_id = ? AND state = ?
            """,
            to.name(),
            shortened(error),
            attempts,
            from.consumer(),
            from.message().id(),
            from.state().name())
        == 1;
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
             WHERE consumer = ? AND message_id = ? AND state = ?
            """,
            to.name(),
            interval(offset),
            by,
            because,
            from.consumer(),
            from.message().id(),
            from.state().name())
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

  /** Removes ended rows past the window. */
  int reap(Connection c, Duration window, Duration offset, int limit) throws SQLException {
    return update(
        c,
        """
        DELETE FROM %1$s.parked_message WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM %1$s.parked_message
             WHERE ended_at < clock_timestamp() + ?::interval - ?::interval LIMIT ?))
        """,
        interval(offset),
        interval(window),
        limit);
  }

  private static ParkedMessage parked(ResultSet row) throws SQLException {
    return new ParkedMessage(
        row.getString("consumer"),
        new OutboxMessage(
            row.getObject("message_id", UUID.class),
            row.getString("aggregatetype"),
            row.getString("aggregateid"),
            row.getString("type"),
            row.getInt("version"),
            row.getBytes("payload"),
            HeadersJson.read(row.getString("headers")),
            row.getObject("created_at", OffsetDateTime.class).toInstant()),
        ParkedState.valueOf(row.getString("state")),
        ParkReason.valueOf(row.getString("reason")),
        row.getString("error"),
        row.getInt("attempts"),
        row.getObject("parked_at", OffsetDateTime.class).toInstant());
  }

  private static @Nullable String interval(@Nullable Duration duration) {
    return duration == null ? null : duration.toMillis() + " milliseconds";
  }

  private static @Nullable String shortened(@Nullable String error) {
    return error == null || error.length() <= MAX_ERROR ? error : error.substring(0, MAX_ERROR);
  }

  private interface Row<T> {
    T map(ResultSet row) throws SQLException;
  }

  private <T> List<T> query(Connection c, String sql, Row<T> mapper, @Nullable Object... arguments)
      throws SQLException {
    try (PreparedStatement statement = prepare(c, sql, arguments);
        ResultSet rows = statement.executeQuery()) {
      List<T> result = new ArrayList<>();
      while (rows.next()) {
        result.add(mapper.map(rows));
      }
      return result;
    }
  }

  private boolean exists(Connection c, String sql, @Nullable Object... arguments)
      throws SQLException {
    return !query(c, sql, row -> Boolean.TRUE, arguments).isEmpty();
  }

  private int update(Connection c, String sql, @Nullable Object... arguments) throws SQLException {
    try (PreparedStatement statement = prepare(c, sql, arguments)) {
      return statement.executeUpdate();
    }
  }

  private PreparedStatement prepare(Connection c, String sql, @Nullable Object... arguments)
      throws SQLException {
    PreparedStatement statement = c.prepareStatement(sql.formatted(schema));
    for (int i = 0; i < arguments.length; i++) {
      statement.setObject(i + 1, arguments[i]);
    }
    return statement;
  }
}
