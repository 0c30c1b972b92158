package dev.evenkeel.saga;

import dev.evenkeel.outbox.CurrentMessage;
import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ProtocolOutbox;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.SagaFailure.Reason;
import dev.evenkeel.saga.SagaMessages.Asked;
import dev.evenkeel.saga.StepTable.Direction;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Does what sagas of other processes ask of a participant of this one, and answers.
 *
 * <p>The row of the step decides, as it does for a local step: it is inserted last, in the
 * transaction of the handler's effects and of the answer, and the first one is final. So a command
 * may come twice, late, after its fence or with its compensation ahead of it; whoever finds a row
 * answers with that. What failed leaves nothing, and is answered too: repeating it is the saga's
 * business. Only a database that is away is not answered, and the message comes again.
 */
final class ParticipantReceiver implements DirectHandler {

  private final String participant;
  private final SagaParticipants participants;
  private final SagaParticipants.Surroundings surroundings;
  private final SagaCodec codec;
  private final StepTable steps;
  private final ProtocolOutbox outbox;

  ParticipantReceiver(
      String participant,
      SagaParticipants participants,
      SagaParticipants.Surroundings surroundings) {
    this.participant = participant;
    this.participants = participants;
    this.surroundings = surroundings;
    this.codec = new SagaCodec(surroundings.codec(), surroundings.maxPayloadBytes());
    this.steps = new StepTable(surroundings.schema());
    this.outbox = surroundings.outbox();
  }

  @Override
  public String consumer() {
    return "participant:" + participant;
  }

  @Override
  public String type() {
    return SagaMessages.COMMAND_PREFIX + participant;
  }

  @Override
  public String aggregateType() {
    return type();
  }

  /** What can't be read has no place, is not stored anywhere, and is answered from where it is. */
  @Override
  public @Nullable ShardKey shardKey(OutboxMessage message) {
    Asked asked = SagaMessages.read(message);
    ParticipantCommand handler = participants.find(participant, asked.command());
    if (handler == null) {
      return null;
    }
    try {
      return handler.shardKey(codec.payloads().decode(message.payload(), handler.commandType()));
    } catch (PayloadException | IllegalArgumentException e) {
      return null;
    }
  }

  @Override
  public void handle(OutboxMessage message, TransactionTarget target, Began began) {
    Delivery delivery = new Delivery(SagaMessages.read(message), target, began);
    try {
      delivery.handle(message);
    } catch (Exception e) {
      if (FailureKind.of(e) == FailureKind.OUTAGE) {
        throw thrown(e);
      }
      delivery.answerFailure(e);
    }
  }

  private static RuntimeException thrown(Exception e) {
    return e instanceof RuntimeException runtime
        ? runtime
        : new SagaException("The database of a participant is away: " + e.getMessage(), e);
  }

  /** One message at its place. */
  private final class Delivery {

    private final Asked asked;
    private final TransactionTarget target;
    private final Began began;

    Delivery(Asked asked, TransactionTarget target, Began began) {
      this.asked = asked;
      this.target = target;
      this.began = began;
    }

    void handle(OutboxMessage message) throws Exception {
      ParticipantCommand handler = participants.find(participant, asked.command());
      if (handler == null) {
        throw new SagaException(
            "Participant \"%s\" has no handler of the command \"%s\"; it has %s"
                .formatted(participant, asked.command(), participants.commands(participant)));
      }
      Object command = codec.payloads().decode(message.payload(), handler.commandType());
      handler.shardKey(command); // it may be what can't be read, and then this is not the place
      switch (asked.verb()) {
        case EXECUTE -> execute(handler, command);
        case FENCE -> fence();
        case UNDO -> undo(handler, command);
        case FORGET -> forget();
      }
    }

    private void execute(ParticipantCommand handler, Object command) throws Exception {
      if (asked.sending() > 1 && answerStored()) {
        return; // it is cheaper to look than to do it again in vain
      }
      try {
        boolean isFirst =
            SagaTransaction.run(
                target,
                began,
                c -> {
                  Object result = handler.execute(command);
                  surroundings.flushes().forEach(TransactionFlush::flush);
                  byte[] payload = codec.encode(result, "The result of " + handler);
                  return insert(c, Outcome.DONE, payload)
                      && append(c, SagaReply.Outcome.DONE, payload, null, false);
                });
        if (!isFirst) {
          answerWinner();
        }
      } catch (Exception e) {
        boolean isRefusal =
            !asked.irrefusable()
                && handler.isRefusal(e)
                && FailureKind.of(e) == FailureKind.HANDLER;
        if (!isRefusal) {
          throw e;
        }
        end(Outcome.REFUSED, failure(Reason.REFUSED, e));
      }
    }

    private void fence() throws Exception {
      end(Outcome.FENCED, null);
    }

    private void end(Outcome outcome, @Nullable SagaFailure failure) throws Exception {
      boolean isFirst =
          SagaTransaction.run(
              target,
              began,
              c ->
                  insert(c, outcome, failure == null ? null : codec.encodeFailure(failure))
                      && append(
                          c, SagaReply.Outcome.valueOf(outcome.name()), null, failure, false));
      if (!isFirst) {
        answerWinner();
      }
    }

    /**
     * Only what was done is undone. The saga asks for nothing else; so what is not there has been
     * lost, and to say that it was undone would hide that.
     */
    private void undo(ParticipantCommand handler, Object command) throws Exception {
      List<StepTable.Row> stored = stored();
      if (stored.isEmpty()) {
        SagaTransaction.run(target, began, c -> insert(c, Outcome.FENCED, null));
        stored = stored();
      }
      StepTable.Row done = row(stored, Direction.FORWARD);
      if (done == null || done.outcome() != Outcome.DONE) {
        throw new SagaException(
            "Step \"%s\" is known to be done, and participant \"%s\" has %s"
                .formatted(asked.key(), participant, done == null ? "no row" : done.outcome()));
      }
      Object result = codec.result(done.result(), handler.resultType());
      boolean isFirst =
          row(stored, Direction.COMPENSATION) == null
              && SagaTransaction.run(
                  target,
                  began,
                  c -> {
                    handler.undo(command, result);
                    surroundings.flushes().forEach(TransactionFlush::flush);
                    return steps.insertCompensation(
                            c, newRow(Direction.COMPENSATION, Outcome.DONE, null), ahead())
                        && append(c, SagaReply.Outcome.UNDONE, null, null, false);
                  });
      if (!isFirst) {
        answer(
            row(stored(), Direction.COMPENSATION) == null
                ? SagaReply.Outcome.LATE
                : SagaReply.Outcome.UNDONE,
            null,
            null,
            false);
      }
    }

    private void forget() throws Exception {
      SagaTransaction.run(
          target,
          began,
          c -> {
            steps.delete(c, List.of(asked.sagaId()));
            return true;
          });
    }

    // ---- rows

    private java.time.Duration ahead() {
      return surroundings.time().offset();
    }

    private boolean insert(Connection c, Outcome outcome, byte @Nullable [] result)
        throws SQLException {
      return steps.insert(c, newRow(Direction.FORWARD, outcome, result), ahead());
    }

    private StepTable.NewRow newRow(
        Direction direction, Outcome outcome, byte @Nullable [] result) {
      Integer slot = target.slot();
      return new StepTable.NewRow(
          asked.sagaId(),
          asked.key(),
          direction,
          outcome,
          result,
          slot == null ? SlotHash.slotOf(asked.sagaId().toString()) : slot,
          0,
          asked.sending(),
          asked.notAfter());
    }

    /** What is stored for the step. */
    private List<StepTable.Row> stored() throws Exception {
      List<StepTable.Row> found = new ArrayList<>();
      SagaTransaction.run(
          target,
          began,
          c -> {
            steps.read(c, List.of(asked.sagaId())).stream()
                .filter(row -> row.key().equals(asked.key()))
                .forEach(found::add);
            return true;
          });
      return found;
    }

    private static StepTable.@Nullable Row row(List<StepTable.Row> stored, Direction direction) {
      return stored.stream().filter(row -> row.direction() == direction).findFirst().orElse(null);
    }

    // ---- answers

    /** In a new statement, which sees what an insert has waited for. */
    private void answerWinner() throws Exception {
      if (!answerStored()) {
        answer(SagaReply.Outcome.LATE, null, null, false);
      }
    }

    private boolean answerStored() throws Exception {
      StepTable.Row row = row(stored(), Direction.FORWARD);
      if (row == null) {
        return false;
      }
      boolean refused = row.outcome() == Outcome.REFUSED;
      answer(
          SagaReply.Outcome.valueOf(row.outcome().name()),
          refused ? null : row.result(),
          refused ? codec.failure(row.result()) : null,
          false);
      return true;
    }

    /** A failure to answer is thrown: then the message comes again. */
    void answerFailure(Exception e) {
      if (asked.verb() == SagaVerb.FORGET) {
        throw thrown(e); // nobody waits for an answer
      }
      try {
        answer(
            SagaReply.Outcome.FAILED,
            null,
            failure(Reason.ATTEMPTS_EXHAUSTED, e),
            FailureKind.of(e) == FailureKind.CONTENTION);
      } catch (Exception again) {
        again.addSuppressed(e);
        throw thrown(again);
      }
    }

    private void answer(
        SagaReply.Outcome outcome,
        byte @Nullable [] result,
        @Nullable SagaFailure failure,
        boolean contention)
        throws Exception {
      SagaTransaction.run(target, began, c -> append(c, outcome, result, failure, contention));
    }

    private boolean append(
        Connection c,
        SagaReply.Outcome outcome,
        byte @Nullable [] result,
        @Nullable SagaFailure failure,
        boolean contention)
        throws SQLException {
      SagaReply reply =
          new SagaReply(
              asked.sagaId().toString(),
              asked.key().step(),
              asked.key().item(),
              asked.verb(),
              asked.sending(),
              outcome,
              result,
              failure,
              contention);
      outbox.append(
          c,
          List.of(
              SagaMessages.reply(reply, asked.replyTo(), target.slot(), CurrentMessage.headers())));
      return true;
    }

    private SagaFailure failure(Reason reason, Exception e) {
      String message = e.getMessage() == null ? null : FailureText.messageOf(e);
      return new SagaFailure(
          reason,
          asked.key().step(),
          e.getClass().getSimpleName(),
          message == null || message.isBlank() ? e.getClass().getName() : message);
    }
  }
}
