package dev.evenkeel.saga;

import dev.evenkeel.saga.SagaSimulation.Action;
import dev.evenkeel.saga.SagaSimulation.Moment;
import dev.evenkeel.saga.SagaSimulation.Verb;
import dev.evenkeel.saga.SimulatedMail.Letter;
import dev.evenkeel.saga.SimulatedRows.Row;
import dev.evenkeel.saga.StepTable.Direction;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Participants that are asked by messages, with their own rows. A child saga is played: it
 * completes when it is begun, and can be undone.
 */
final class SimulatedParticipants {

  private static final Duration REDELIVERY = Duration.ofSeconds(1);

  /** Of rows that no owner reads. */
  private static final int ELSEWHERE = -2;

  private final SagaSimulation simulation;
  private final SimulatedMail mail;
  private SagaSimulation.@Nullable Beans beans;

  SimulatedParticipants(SagaSimulation simulation, SimulatedMail mail) {
    this.simulation = simulation;
    this.mail = mail;
  }

  void receive(Letter command) {
    switch (command.verb()) {
      case EXECUTE -> execute(command);
      case FENCE -> fence(command);
      case UNDO -> undo(command);
      case FORGET -> throw new IllegalArgumentException("Nothing is forgotten in a simulation");
    }
  }

  private void execute(Letter command) {
    Row row = forward(command);
    if (row != null) {
      answer(command, row);
      return;
    }
    if (isLate(command)) {
      answer(command, SagaReply.Outcome.LATE, null, null);
      return;
    }
    Action action = at(Moment.ATTEMPT, Verb.DO, command);
    if (action == Action.CRASH) {
      again(command, "in");
    } else if (action == Action.REFUSE) {
      refuse(command, "Scripted", "it refuses because the test says so");
    } else {
      carryOut(command, Verb.DO, action);
    }
  }

  private void undo(Letter command) {
    if (simulation.rows().find(command.key(), Direction.COMPENSATION) != null) {
      answer(command, SagaReply.Outcome.UNDONE, null, null);
      return;
    }
    Row row = forward(command);
    if (row == null || row.outcome() != Outcome.DONE) {
      insert(command, Direction.FORWARD, Outcome.FENCED, null);
      fail(command, "MISSING", "It is known to be done, and its row is not here");
      return;
    }
    if (isLate(command)) {
      answer(command, SagaReply.Outcome.LATE, null, null);
      return;
    }
    Action action = at(Moment.ATTEMPT, Verb.UNDO, command);
    if (action == Action.CRASH) {
      again(command, "in");
    } else {
      carryOut(command, Verb.UNDO, action);
    }
  }

  private void fence(Letter command) {
    Row row = forward(command);
    if (row == null && isLate(command)) {
      answer(command, SagaReply.Outcome.LATE, null, null);
      return;
    }
    if (row == null) {
      row = insert(command, Direction.FORWARD, Outcome.FENCED, null);
      simulation.say("fence %s is committed".formatted(command.key()));
    }
    answer(command, row);
  }

  /** The handler or its compensation with its row, in one transaction. */
  private void carryOut(Letter command, Verb verb, Action action) {
    if (SimulatedMail.isChild(command.order())) {
      UUID child = new UUID(1, command.key().hashCode());
      end(command, verb, simulation.codec().encode(new ChildSaga(child), "The child"));
      return;
    }
    byte[][] result = new byte[1][];
    boolean[] crashed = new boolean[1];
    ParticipantCommand handler = null;
    try {
      handler = handler(command.order());
      ParticipantCommand of = handler;
      Object payload =
          Objects.requireNonNull(
              simulation.codec().result(command.order().payload(), handler.commandType()));
      simulation
          .transactions()
          .run(
              slot(of, payload),
              () -> {
                result[0] = call(of, payload, command, verb);
                if (action == Action.FAIL) {
                  throw new IllegalStateException("it fails because the test says so");
                }
                crashed[0] = at(Moment.BEFORE_COMMIT, verb, command) == Action.CRASH;
                return !crashed[0];
              });
    } catch (Exception e) {
      if (verb == Verb.DO
          && action != Action.FAIL
          && handler != null
          && handler.isRefusal(e)
          && !command.isIrrefusable()) {
        refuse(command, e.getClass().getSimpleName(), String.valueOf(e.getMessage()));
        return;
      }
      failed(command, verb, e, action != Action.FAIL);
      return;
    }
    if (crashed[0]) {
      again(command, "before the commit of");
    } else {
      end(command, verb, result[0]);
    }
  }

  private byte @Nullable [] call(
      ParticipantCommand handler, Object payload, Letter command, Verb verb) throws Exception {
    if (verb == Verb.DO) {
      return simulation.codec().encode(handler.execute(payload), "The result of " + handler);
    }
    Row row = Objects.requireNonNull(forward(command));
    handler.undo(payload, simulation.codec().result(row.result(), handler.resultType()));
    return null;
  }

  private void end(Letter command, Verb verb, byte @Nullable [] result) {
    if (verb == Verb.DO) {
      answer(command, insert(command, Direction.FORWARD, Outcome.DONE, result));
    } else {
      insert(command, Direction.COMPENSATION, Outcome.DONE, null);
      answer(command, SagaReply.Outcome.UNDONE, null, null);
    }
    simulation.say(
        "%s %s is committed by its participant".formatted(command.verb(), command.key()));
    if (at(Moment.AFTER_COMMIT, verb, command) == Action.CRASH) {
      again(command, "after the commit of");
    }
  }

  private void refuse(Letter command, String type, String message) {
    SagaFailure why =
        new SagaFailure(SagaFailure.Reason.REFUSED, command.key().step(), type, message);
    byte[] stored = simulation.codec().encodeFailure(why);
    answer(command, insert(command, Direction.FORWARD, Outcome.REFUSED, stored));
  }

  private void failed(Letter command, Verb verb, Exception e, boolean isFault) {
    String text =
        "%s of %s failed at its participant: %s: %s"
            .formatted(verb, command.key(), e.getClass().getSimpleName(), e.getMessage());
    if (isFault) {
      simulation.fault(text);
    } else {
      simulation.say(text);
    }
    fail(command, e.getClass().getSimpleName(), String.valueOf(e.getMessage()));
  }

  /** The participant's process ends, and its message comes again. */
  private void again(Letter command, String when) {
    simulation.say(
        "the participant's process ends %s %s %s".formatted(when, command.verb(), command.key()));
    beans = null;
    mail.put(simulation.now().plus(REDELIVERY), command);
  }

  // ---- parts

  private ParticipantCommand handler(CallTable.Order order) {
    if (beans == null) {
      beans = simulation.newBeans();
    }
    ParticipantCommand handler = beans.participants().find(order.participant(), order.type());
    if (handler == null) {
      throw new IllegalStateException(
          "Participant \"%s\" has no handler of the command \"%s\"; the scenario has to play it"
              .formatted(order.participant(), order.type()));
    }
    return handler;
  }

  private int slot(ParticipantCommand handler, Object payload) {
    dev.evenkeel.outbox.spi.ShardKey key = handler.shardKey(payload);
    return key == null
        ? simulation.home().slot()
        : simulation.transactions().slotOf(key.strategy(), key.text());
  }

  private Action at(Moment moment, Verb verb, Letter command) {
    return simulation.at(moment, verb, command.key().step(), command.key().item());
  }

  private boolean isLate(Letter command) {
    return simulation.now().isAfter(command.notAfter());
  }

  private @Nullable Row forward(Letter command) {
    return simulation.rows().find(command.key(), Direction.FORWARD);
  }

  private Row insert(
      Letter command, Direction direction, Outcome outcome, byte @Nullable [] result) {
    Row row = new Row(command.key(), direction, ELSEWHERE, outcome, result, simulation.now(), null);
    simulation.rows().insert(row);
    return Objects.requireNonNull(simulation.rows().find(command.key(), direction));
  }

  private void answer(Letter command, Row row) {
    boolean refused = row.outcome() == Outcome.REFUSED;
    answer(
        command,
        SagaReply.Outcome.valueOf(row.outcome().name()),
        refused ? null : row.result(),
        refused ? simulation.codec().failure(row.result()) : null);
  }

  private void fail(Letter command, String type, String message) {
    answer(
        command,
        SagaReply.Outcome.FAILED,
        null,
        new SagaFailure(
            SagaFailure.Reason.ATTEMPTS_EXHAUSTED, command.key().step(), type, message));
  }

  private void answer(
      Letter command,
      SagaReply.Outcome outcome,
      byte @Nullable [] result,
      @Nullable SagaFailure failure) {
    mail.reply(
        new SagaReply(
            simulation.home().id().toString(),
            command.key().step(),
            command.key().item(),
            command.verb(),
            command.sending(),
            outcome,
            result,
            failure,
            false));
  }
}
