package dev.evenkeel.saga;

import dev.evenkeel.saga.SagaReply.Outcome;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Statements on {@code saga_call}: what was asked of participants elsewhere, and what they
 * answered. Written only beside the instance, under its epoch and version.
 */
final class CallTable {

  /**
   * What a participant is told to do. The same for everything that is asked about one step.
   *
   * @param type logical name
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Order(String participant, String type, byte[] payload) {}

  /** A row. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Row(
      UUID sagaId,
      StepKey key,
      Order order,
      SagaVerb verb,
      int sendings,
      int failedSending,
      Instant againAt,
      dev.evenkeel.saga.@Nullable Outcome outcome,
      byte @Nullable [] result,
      boolean undone,
      @Nullable Instant recordedAt) {

    /** What is asked and not answered. */
    StepState.Asked asked() {
      boolean open =
          sendings > failedSending && (verb == SagaVerb.UNDO ? !undone : outcome == null);
      return new StepState.Asked(open ? verb.work() : StepState.Work.NONE, sendings, againAt, 0);
    }
  }

  /** Something that is asked now. */
  record Sending(StepKey key, Order order, SagaVerb verb, int sending, Instant againAt) {}

  /**
   * An answer.
   *
   * @param outcome what the action came to; that it is undone; or that nothing has happened
   * @param at when; or when to ask again, after a failure
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Answer(StepKey key, Outcome outcome, byte @Nullable [] result, Instant at) {}

  private final String schema;

  CallTable(String schema) {
    this.schema = schema;
  }

  /** Everything that was asked for the sagas. */
  List<Row> read(Connection c, Collection<UUID> sagaIds) throws SQLException {
    String sql =
        """
        SELECT saga_id, step, item, participant, type, payload, verb, sendings, failed_sending, ask_again_at, outcome, result, undone, recorded_at
          FROM %s.saga_call
         WHERE saga_id = ANY (?)
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", sagaIds.toArray()));
      try (ResultSet rows = statement.executeQuery()) {
        List<Row> found = new ArrayList<>();
        while (rows.next()) {
          found.add(row(rows));
        }
        return found;
      }
    }
  }

  private static Row row(ResultSet r) throws SQLException {
    String outcome = r.getString(11);
    OffsetDateTime recordedAt = r.getObject(14, OffsetDateTime.class);
    return new Row(
        r.getObject(1, UUID.class),
        new StepKey(r.getString(2), r.getInt(3)),
        new Order(r.getString(4), r.getString(5), r.getBytes(6)),
        SagaVerb.valueOf(r.getString(7)),
        r.getInt(8),
        r.getInt(9),
        r.getObject(10, OffsetDateTime.class).toInstant(),
        outcome == null ? null : dev.evenkeel.saga.Outcome.valueOf(outcome),
        r.getBytes(12),
        r.getBoolean(13),
        recordedAt == null ? null : recordedAt.toInstant());
  }

  /** Records what is asked; the row of a step is made the first time. */
  void send(Connection c, UUID sagaId, List<Sending> sendings) throws SQLException {
    String sql =
        """
        INSERT INTO %s.saga_call (saga_id, step, item, participant, type, payload, verb, sendings, ask_again_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (saga_id, step, item) DO UPDATE
           SET verb = excluded.verb, sendings = excluded.sendings, ask_again_at = excluded.ask_again_at
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      for (Sending sending : sendings) {
        int i = 1;
        statement.setObject(i++, sagaId);
        statement.setString(i++, sending.key().step());
        statement.setInt(i++, sending.key().item());
        statement.setString(i++, sending.order().participant());
        statement.setString(i++, sending.order().type());
        statement.setBytes(i++, sending.order().payload());
        statement.setString(i++, sending.verb().name());
        statement.setInt(i++, sending.sending());
        statement.setObject(i, OffsetDateTime.ofInstant(sending.againAt(), ZoneOffset.UTC));
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  /** Records what was answered; the first outcome of an action is final. */
  void answer(Connection c, UUID sagaId, Collection<Answer> answers) throws SQLException {
    List<Answer> ends = new ArrayList<>();
    List<Answer> failed = new ArrayList<>();
    answers.forEach(a -> (a.outcome() == Outcome.FAILED ? failed : ends).add(a));
    ended(c, sagaId, ends);
    failed(c, sagaId, failed);
  }

  private void failed(Connection c, UUID sagaId, Collection<Answer> answers) throws SQLException {
    String sql =
        "UPDATE %s.saga_call SET failed_sending = sendings, ask_again_at = ? WHERE saga_id = ? AND step = ? AND item = ?"
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      for (Answer answer : answers) {
        statement.setObject(1, OffsetDateTime.ofInstant(answer.at(), ZoneOffset.UTC));
        statement.setObject(2, sagaId);
        statement.setString(3, answer.key().step());
        statement.setInt(4, answer.key().item());
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  private void ended(Connection c, UUID sagaId, Collection<Answer> answers) throws SQLException {
    String sql =
        """
        UPDATE %s.saga_call
           SET outcome = coalesce(outcome, ?),
               result = CASE WHEN outcome IS NULL THEN ? ELSE result END,
               recorded_at = coalesce(recorded_at, ?),
               undone = undone OR ?
         WHERE saga_id = ? AND step = ? AND item = ?
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      for (Answer answer : answers) {
        boolean undone = answer.outcome() == Outcome.UNDONE;
        int i = 1;
        statement.setString(i++, undone ? Outcome.DONE.name() : answer.outcome().name());
        statement.setBytes(i++, answer.result());
        statement.setObject(i++, OffsetDateTime.ofInstant(answer.at(), ZoneOffset.UTC));
        statement.setBoolean(i++, undone);
        statement.setObject(i++, sagaId);
        statement.setString(i++, answer.key().step());
        statement.setInt(i, answer.key().item());
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  /**
   * An operator's outcome in place of one that says that nothing has happened.
   *
   * @return whether anything was asked; what was not has no row here
   */
  boolean skip(Connection c, UUID sagaId, StepKey key, byte @Nullable [] result, Instant at)
      throws SQLException {
    String sql =
        """
        UPDATE %s.saga_call SET outcome = 'SKIPPED', result = ?, recorded_at = ?
         WHERE saga_id = ? AND step = ? AND item = ? AND outcome IS DISTINCT FROM 'DONE'
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setBytes(1, result);
      statement.setObject(2, OffsetDateTime.ofInstant(at, ZoneOffset.UTC));
      statement.setObject(3, sagaId);
      statement.setString(4, key.step());
      statement.setInt(5, key.item());
      return statement.executeUpdate() == 1;
    }
  }

  /** Deletes what was asked for the sagas. */
  void delete(Connection c, Collection<UUID> sagaIds) throws SQLException {
    String sql = "DELETE FROM %s.saga_call WHERE saga_id = ANY (?)".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", sagaIds.toArray()));
      statement.executeUpdate();
    }
  }
}
