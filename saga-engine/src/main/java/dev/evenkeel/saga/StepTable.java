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

/** Statements on {@code saga_step}. */
final class StepTable {

  /** For rows that are guarded by their instance's epoch and version. */
  static final Instant WITHOUT_END = Instant.parse("9999-01-01T00:00:00Z");

  /** Of what a row tells. */
  enum Direction {
    FORWARD,
    COMPENSATION
  }

  /**
   * A row.
   *
   * @param result as stored: what the step returned, or the failure of a refusal
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Row(
      UUID sagaId,
      StepKey key,
      Direction direction,
      Outcome outcome,
      byte @Nullable [] result,
      Instant recordedAt) {}

  /**
   * A row to be.
   *
   * @param notAfter the shard refuses the row after it: until then other rows of the saga are kept
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record NewRow(
      UUID sagaId,
      StepKey key,
      Direction direction,
      Outcome outcome,
      byte @Nullable [] result,
      int slot,
      long epoch,
      int attempt,
      Instant notAfter) {}

  private final String schema;
  private final TimedSql insert;
  private final TimedSql insertCompensation;
  private final TimedSql begin;
  private final TimedSql end;
  private final TimedSql skip;
  private final TimedSql giveUp;
  private final TimedSql left;

  StepTable(String schema) {
    this.schema = schema;
    this.insert =
        new TimedSql(
            schema,
            """
            INSERT INTO @schema.saga_step (saga_id, step, item, direction, outcome, result, slot, epoch, attempt, recorded_at)
            SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, @now
             WHERE clock_timestamp() < ? AND set_config('synchronous_commit', 'on', true) IS NOT NULL
            ON CONFLICT (saga_id, step, item, direction) DO NOTHING
            """);
    this.end =
        new TimedSql(
            schema,
            """
            UPDATE @schema.saga_step SET outcome = ?, result = coalesce(?, result), recorded_at = @now
             WHERE saga_id = ? AND step = ? AND item = ? AND direction = 'FORWARD' AND outcome = 'STARTED'
            """);
    this.insertCompensation =
        new TimedSql(
            schema,
            """
            INSERT INTO @schema.saga_step (saga_id, step, item, direction, outcome, result, slot, epoch, attempt, recorded_at)
            SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, @now
             WHERE clock_timestamp() < ? AND set_config('synchronous_commit', 'on', true) IS NOT NULL
               AND EXISTS (SELECT FROM @schema.saga_step
                            WHERE saga_id = ? AND step = ? AND item = ? AND direction = 'FORWARD' AND outcome IN ('DONE', 'UNKNOWN'))
            ON CONFLICT (saga_id, step, item, direction) DO NOTHING
            """);
    this.skip =
        new TimedSql(
            schema,
            """
            UPDATE @schema.saga_step SET outcome = 'SKIPPED', result = ?, epoch = ?, attempt = ?, recorded_at = @now
             WHERE saga_id = ? AND step = ? AND item = ? AND direction = 'FORWARD'
               AND (? AND outcome IN ('REFUSED', 'FENCED') OR outcome = 'STARTED' AND not_after < @now)
               AND clock_timestamp() < ?
            """);
    // The time is asked for again where the row is there: waiting for it may have taken long.
    this.begin =
        new TimedSql(
            schema,
            """
            INSERT INTO @schema.saga_step AS s (saga_id, step, item, direction, outcome, slot, epoch, attempt, recorded_at, not_after)
            SELECT ?, ?, ?, 'FORWARD', 'STARTED', ?, ?, ?, @now, @now + ?::interval
             WHERE clock_timestamp() < ?
            ON CONFLICT (saga_id, step, item, direction) DO UPDATE
               SET epoch = excluded.epoch, attempt = excluded.attempt, not_after = greatest(s.not_after, @now + ?::interval)
             WHERE s.outcome = 'STARTED' AND clock_timestamp() < ?
            """);
    this.giveUp =
        new TimedSql(
            schema,
            """
            UPDATE @schema.saga_step
               SET outcome = 'UNKNOWN', recorded_at = @now
             WHERE saga_id = ? AND step = ? AND item = ? AND direction = 'FORWARD' AND outcome = 'STARTED' AND not_after < @now
            """);
    this.left =
        new TimedSql(
            schema,
            """
            SELECT greatest(0, extract(epoch FROM not_after - @now) * 1000)::bigint
              FROM @schema.saga_step
             WHERE saga_id = ? AND step = ? AND item = ? AND direction = 'FORWARD' AND outcome = 'STARTED'
            """);
  }

  /**
   * Inserts the row of a compensation, as {@link #insert} does, but only beside the row of what it
   * undoes: one that comes after the saga was deleted finds nothing.
   */
  boolean insertCompensation(Connection c, NewRow row, Duration ahead) throws SQLException {
    String sql = insertCompensation.ahead(ahead);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      int last = set(statement, row);
      statement.setObject(last + 1, row.sagaId());
      statement.setString(last + 2, row.key().step());
      statement.setInt(last + 3, row.key().item());
      return statement.executeUpdate() == 1;
    }
  }

  /**
   * Inserts; the first row of a step and direction wins. The commit it belongs to is durable
   * whatever the session's setting, because outcomes at other shards rest on it.
   *
   * @param ahead of virtual time
   * @return whether it is this one; if not, there is a row already, or it is too late for one
   */
  boolean insert(Connection c, NewRow row, Duration ahead) throws SQLException {
    String sql = insert.ahead(ahead);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      set(statement, row);
      return statement.executeUpdate() == 1;
    }
  }

  /** Sets the row's parameters; the number of the last. */
  private static int set(PreparedStatement statement, NewRow row) throws SQLException {
    int i = 1;
    statement.setObject(i++, row.sagaId());
    statement.setString(i++, row.key().step());
    statement.setInt(i++, row.key().item());
    statement.setString(i++, row.direction().name());
    statement.setString(i++, row.outcome().name());
    statement.setBytes(i++, row.result());
    statement.setInt(i++, row.slot());
    statement.setLong(i++, row.epoch());
    statement.setInt(i++, row.attempt());
    statement.setObject(i, OffsetDateTime.ofInstant(row.notAfter(), ZoneOffset.UTC));
    return i;
  }

  // ---- calls outside a transaction

  /**
   * Says that a call begins: inserts {@link Outcome#STARTED}, or gives the call that is under way
   * more time.
   *
   * @param row whose outcome is ignored
   * @param lasts how long the call may be under way from now on
   * @return whether the call may be made; if not, there is an outcome already, or it is too late
   */
  boolean begin(Connection c, NewRow row, Duration lasts, Duration ahead) throws SQLException {
    String interval = TimedSql.interval(lasts);
    OffsetDateTime notAfter = OffsetDateTime.ofInstant(row.notAfter(), ZoneOffset.UTC);
    try (PreparedStatement statement = c.prepareStatement(begin.ahead(ahead))) {
      int i = key(statement, 1, row.sagaId(), row.key());
      statement.setInt(i++, row.slot());
      statement.setLong(i++, row.epoch());
      statement.setInt(i++, row.attempt());
      statement.setString(i++, interval);
      statement.setObject(i++, notAfter);
      statement.setString(i++, interval);
      statement.setObject(i, notAfter);
      return statement.executeUpdate() == 1;
    }
  }

  /**
   * Gives the row of a step that was begun its outcome.
   *
   * @param result null to keep what is there
   * @return false when it has one already
   */
  boolean end(
      Connection c,
      UUID sagaId,
      StepKey key,
      Outcome outcome,
      byte @Nullable [] result,
      Duration ahead)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(end.ahead(ahead))) {
      statement.setString(1, outcome.name());
      statement.setBytes(2, result);
      key(statement, 3, sagaId, key);
      return statement.executeUpdate() == 1;
    }
  }

  /**
   * Puts an operator's outcome in the place of one that says that nothing has happened, or of a
   * call that has no time left.
   *
   * @param canNotTurn whether the saga goes forward only, so that nothing rests on a refusal
   * @param ahead of virtual time
   * @return whether there was such a row
   */
  boolean skip(Connection c, NewRow row, boolean canNotTurn, Duration ahead) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(skip.ahead(ahead))) {
      int i = 1;
      statement.setBytes(i++, row.result());
      statement.setLong(i++, row.epoch());
      statement.setInt(i++, row.attempt());
      statement.setObject(i++, row.sagaId());
      statement.setString(i++, row.key().step());
      statement.setInt(i++, row.key().item());
      statement.setBoolean(i++, canNotTurn);
      statement.setObject(i, OffsetDateTime.ofInstant(row.notAfter(), ZoneOffset.UTC));
      return statement.executeUpdate() == 1;
    }
  }

  /** Says that nobody knows what became of a call; only once it can't be under way any more. */
  boolean giveUp(Connection c, UUID sagaId, StepKey key, Duration ahead) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(giveUp.ahead(ahead))) {
      key(statement, 1, sagaId, key);
      return statement.executeUpdate() == 1;
    }
  }

  /** How long a call may still be under way; nothing when none is. */
  Optional<Duration> left(Connection c, UUID sagaId, StepKey key, Duration ahead)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(left.ahead(ahead))) {
      key(statement, 1, sagaId, key);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() ? Optional.of(Duration.ofMillis(rows.getLong(1))) : Optional.empty();
      }
    }
  }

  private static int key(PreparedStatement statement, int first, UUID sagaId, StepKey key)
      throws SQLException {
    statement.setObject(first, sagaId);
    statement.setString(first + 1, key.step());
    statement.setInt(first + 2, key.item());
    return first + 3;
  }

  /** All rows of the sagas on this shard. */
  List<Row> read(Connection c, Collection<UUID> sagaIds) throws SQLException {
    String sql =
        """
        SELECT saga_id, step, item, direction, outcome, result, recorded_at
          FROM %s.saga_step
         WHERE saga_id = ANY (?)
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", sagaIds.toArray()));
      try (ResultSet rows = statement.executeQuery()) {
        List<Row> found = new ArrayList<>();
        while (rows.next()) {
          found.add(
              new Row(
                  rows.getObject(1, UUID.class),
                  new StepKey(rows.getString(2), rows.getInt(3)),
                  Direction.valueOf(rows.getString(4)),
                  Outcome.valueOf(rows.getString(5)),
                  rows.getBytes(6),
                  rows.getObject(7, OffsetDateTime.class).toInstant()));
        }
        return found;
      }
    }
  }

  /** Deletes all rows of the sagas on this shard. */
  void delete(Connection c, Collection<UUID> sagaIds) throws SQLException {
    String sql = "DELETE FROM %s.saga_step WHERE saga_id = ANY (?)".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", sagaIds.toArray()));
      statement.executeUpdate();
    }
  }
}
