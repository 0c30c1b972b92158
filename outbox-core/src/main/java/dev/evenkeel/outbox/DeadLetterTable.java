package dev.evenkeel.outbox;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Operators' statements on {@code parked_message}, and those on {@code parked_action}. */
final class DeadLetterTable extends SchemaTable {

  private static final int MAX_COUNTED = 100_000;

  /** A column compared with null says nothing: then every value matches. */
  private static final String MATCHING =
      """
      state = 'DEAD'
        AND consumer = coalesce(?::text, consumer) AND type = coalesce(?::text, type)
        AND aggregatetype = coalesce(?::text, aggregatetype) AND aggregateid = coalesce(?::text, aggregateid)
        AND reason = coalesce(?::text, reason)
        AND parked_at >= coalesce(?::timestamptz, parked_at)
        AND parked_at < coalesce(?::timestamptz, 'infinity')
      """;

  DeadLetterTable(String schema) {
    super(schema);
  }

  /** What a decision about many needs to know of each. */
  record Found(long position, String consumer, UUID messageId, OrderKey key) {}

  private static @Nullable Object[] arguments(DeadLetterFilter filter, Object... more) {
    @Nullable Object[] all = new @Nullable Object[7 + more.length];
    all[0] = filter.consumer();
    all[1] = filter.type();
    all[2] = filter.aggregateType();
    all[3] = filter.aggregateId();
    all[4] = filter.reason() == null ? null : filter.reason().name();
    all[5] = timestamp(filter.parkedAfter());
    all[6] = timestamp(filter.parkedBefore());
    System.arraycopy(more, 0, all, 7, more.length);
    return all;
  }

  private static @Nullable OffsetDateTime timestamp(@Nullable Instant instant) {
    return instant == null ? null : OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
  }

  List<DeadLetter> page(
      Connection c, DeadLetterFilter filter, DeadLetterPage.@Nullable Cursor after, int limit)
      throws SQLException {
    String columns =
        """
        SELECT consumer, message_id, aggregatetype, aggregateid, type, version, created_at, parked_at, attempts, reason,
               error, headers, octet_length(payload) AS bytes, aside, revision
          FROM %s.parked_message WHERE\s
        """;
    String order = " ORDER BY parked_at, message_id, consumer COLLATE \"C\" LIMIT ?";
    return after == null
        ? query(c, columns + MATCHING + order, DeadLetterTable::letter, arguments(filter, limit))
        : query(
            c,
            columns
                + MATCHING
                + " AND (parked_at, message_id, consumer COLLATE \"C\") > (?, ?, ?)"
                + order,
            DeadLetterTable::letter,
            arguments(
                filter,
                OffsetDateTime.ofInstant(after.parkedAt(), ZoneOffset.UTC),
                after.messageId(),
                after.consumer(),
                limit));
  }

  private static DeadLetter letter(ResultSet row) throws SQLException {
    return new DeadLetter(
        row.getString("consumer"),
        row.getObject("message_id", UUID.class),
        row.getString("aggregatetype"),
        row.getString("aggregateid"),
        row.getString("type"),
        row.getInt("version"),
        instant(row, "created_at"),
        instant(row, "parked_at"),
        row.getInt("attempts"),
        ParkReason.valueOf(row.getString("reason")),
        row.getString("error"),
        HeadersJson.stored(row.getString("headers")),
        row.getInt("bytes"),
        row.getBoolean("aside"),
        row.getInt("revision"));
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  /** Position of the last dead letter there is; -1 without one. */
  long last(Connection c) throws SQLException {
    return query(
            c,
            "SELECT coalesce(max(position), -1) FROM %s.parked_message WHERE state = 'DEAD'",
            row -> row.getLong(1))
        .get(0);
  }

  /** Matching dead letters between two positions, in the order in which they were parked. */
  List<Found> find(Connection c, DeadLetterFilter filter, long after, long upTo, int limit)
      throws SQLException {
    return query(
        c,
        "SELECT position, consumer, message_id, aggregatetype, aggregateid FROM %s.parked_message WHERE "
            + MATCHING
            + " AND position > ? AND position <= ? ORDER BY position LIMIT ?",
        row ->
            new Found(
                row.getLong(1),
                row.getString(2),
                row.getObject(3, UUID.class),
                new OrderKey(row.getString(4), row.getString(5))),
        arguments(filter, after, upTo, limit));
  }

  /** Locks a dead letter against every other change; null: it is none. */
  @Nullable ParkedMessage lock(Connection c, String consumer, UUID id) throws SQLException {
    List<ParkedMessage> dead =
        query(
            c,
            "SELECT "
                + ParkedTable.COLUMNS
                + """
                   FROM %s.parked_message WHERE consumer = ? AND message_id = ? AND state = 'DEAD' FOR UPDATE
                  """,
            ParkedTable::parked,
            consumer,
            id);
    return dead.isEmpty() ? null : dead.get(0);
  }

  /** Where to release a message that was set aside; null: it was not, or is no dead letter. */
  @Nullable String sourceAside(Connection c, String consumer, UUID id) throws SQLException {
    List<String> sources =
        query(
            c,
            "SELECT source FROM %s.parked_message WHERE consumer = ? AND message_id = ? AND aside AND state = 'DEAD'",
            row -> row.getString(1),
            consumer,
            id);
    return sources.isEmpty() ? null : sources.get(0);
  }

  void edit(
      Connection c, ParkedMessage dead, byte @Nullable [] payload, Map<String, String> headers)
      throws SQLException {
    update(
        c,
        """
        UPDATE %s.parked_message
           SET payload = coalesce(?::bytea, payload), headers = ?::jsonb, revision = revision + 1
         WHERE consumer = ? AND message_id = ? AND state = 'DEAD' AND revision = ?
        """,
        payload,
        HeadersJson.write(headers),
        dead.consumer(),
        dead.message().id(),
        dead.revision());
  }

  /** Records an action, holding the message's lock: numbers have no gap. */
  void record(
      Connection c,
      ParkedMessage before,
      ParkedAction.Kind kind,
      String by,
      @Nullable String because,
      Duration offset)
      throws SQLException {
    boolean edit = kind == ParkedAction.Kind.EDIT;
    update(
        c,
        """
        INSERT INTO %1$s.parked_action (consumer, message_id, number, action, acted_at, acted_by, because, payload, headers)
        SELECT ?, ?, count(*) + 1, ?, clock_timestamp() + ?::interval, ?, ?::text, ?::bytea, ?::jsonb
          FROM %1$s.parked_action WHERE consumer = ? AND message_id = ?
        """,
        before.consumer(),
        before.message().id(),
        kind.name(),
        interval(offset),
        by,
        because,
        edit ? before.message().payload() : null,
        edit ? HeadersJson.write(before.message().headers()) : null,
        before.consumer(),
        before.message().id());
  }

  List<ParkedAction> actions(Connection c, String consumer, UUID id) throws SQLException {
    return query(
        c,
        """
        SELECT number, action, acted_at, acted_by, because, payload, headers FROM %s.parked_action
         WHERE consumer = ? AND message_id = ? ORDER BY number
        """,
        row -> {
          String headers = row.getString("headers");
          return new ParkedAction(
              row.getInt("number"),
              ParkedAction.Kind.valueOf(row.getString("action")),
              instant(row, "acted_at"),
              row.getString("acted_by"),
              row.getString("because"),
              row.getBytes("payload"),
              headers == null ? null : HeadersJson.stored(headers));
        },
        consumer,
        id);
  }

  ParkedInspection.@Nullable Ended ended(Connection c, String consumer, UUID id)
      throws SQLException {
    List<ParkedInspection.Ended> ended =
        query(
            c,
            """
            SELECT ended_at, ended_by, ended_because FROM %s.parked_message
             WHERE consumer = ? AND message_id = ? AND ended_at IS NOT NULL
            """,
            row ->
                new ParkedInspection.Ended(
                    instant(row, "ended_at"),
                    row.getString("ended_by"),
                    row.getString("ended_because")),
            consumer,
            id);
    return ended.isEmpty() ? null : ended.get(0);
  }

  /** How many messages of the key wait behind that one. */
  int queuedBehind(Connection c, ParkedMessage parked) throws SQLException {
    return query(
            c,
            """
            SELECT count(*) FROM (
                SELECT FROM %1$s.parked_message
                 WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ? AND state = 'QUEUED'
                   AND position > (SELECT position FROM %1$s.parked_message WHERE consumer = ? AND message_id = ?)
                 LIMIT ?) AS behind
            """,
            row -> row.getInt(1),
            parked.consumer(),
            parked.message().aggregateType(),
            parked.message().aggregateId(),
            parked.consumer(),
            parked.message().id(),
            MAX_COUNTED)
        .get(0);
  }
}
