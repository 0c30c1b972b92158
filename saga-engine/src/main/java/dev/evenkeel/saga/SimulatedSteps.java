package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.saga.Decision.Effect;
import dev.evenkeel.saga.SagaSimulation.Action;
import dev.evenkeel.saga.SagaSimulation.Moment;
import dev.evenkeel.saga.SagaSimulation.Transactions;
import dev.evenkeel.saga.SagaSimulation.Verb;
import dev.evenkeel.saga.SimulatedRows.Row;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.StepTable.Direction;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of a simulated instance's owner: what {@link StepRunner} does on databases, on rows
 * in memory.
 */
final class SimulatedSteps {

  /** How long a call that has begun may take effect. */
  private static final Duration CALL = Duration.ofHours(1);

  private static final String SCRIPTED = "Scripted";

  /** A script has it fail. */
  private static final class ScriptedFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ScriptedFailure() {
      super("it fails because the test says so");
    }
  }

  /** A script ends the process before the commit. */
  private static final class Crashed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Crashed() {
      super("the process ends because the test says so");
    }
  }

  /** One attempt. */
  private record Attempt(
      SimulatedOwner owner,
      InstanceState state,
      ActionStep step,
      Effect effect,
      StepCode code,
      int slot,
      boolean isLate) {

    StepKey key() {
      return effect.key();
    }

    Direction direction() {
      return effect.work() == Work.UNDO ? Direction.COMPENSATION : Direction.FORWARD;
    }

    Verb verb() {
      return SagaSimulation.verb(effect.work());
    }
  }

  private final SagaSimulation simulation;

  SimulatedSteps(SagaSimulation simulation) {
    this.simulation = simulation;
  }

  /** Makes the attempt, and tells the owner. */
  void perform(SimulatedOwner owner, SimulatedOwner.Pending pending) {
    Effect effect = pending.effect();
    Attempt attempt;
    try {
      attempt = attempt(owner, pending, false);
    } catch (InstanceState.InputException e) {
      simulation.decide(
          List.of(failed(effect.key(), effect.work(), SagaNews.Failed.Kind.INPUT, e, true)));
      return;
    }
    if (owner.readsFirst(attempt.slot(), effect)) {
      List<SagaNews> known = readRows(attempt);
      owner.hasRead(attempt.slot());
      if (!known.isEmpty()) {
        simulation.decide(known);
        return;
      }
    }
    Action action =
        simulation.at(Moment.ATTEMPT, attempt.verb(), effect.key().step(), effect.key().item());
    if (action == Action.STALL) {
      simulation.stall(owner, pending);
    } else if (action == Action.CRASH) {
      simulation.crash("in " + SagaSimulation.text(effect));
    } else {
      try {
        tell(attempt, perform(attempt, action));
      } catch (Crashed e) {
        simulation.crash("before the commit of " + SagaSimulation.text(effect));
      }
    }
  }

  /** An attempt of an owner that nobody listens to any more. */
  void late(SimulatedOwner owner, SimulatedOwner.Pending pending) {
    try {
      perform(attempt(owner, pending, true), Action.GO);
    } catch (RuntimeException e) {
      simulation.say("and it comes to nothing: " + e.getMessage());
    }
  }

  private void tell(Attempt attempt, SagaNews news) {
    StepKey key = attempt.key();
    if (!(news instanceof SagaNews.Failed)) {
      Verb verb =
          news instanceof SagaNews.Ended ended && ended.outcome() == Outcome.REFUSED
              ? Verb.REFUSE
              : attempt.verb();
      if (simulation.at(Moment.AFTER_COMMIT, verb, key.step(), key.item()) == Action.CRASH) {
        simulation.crash("after the commit of " + SagaSimulation.text(attempt.effect()));
        return;
      }
    }
    simulation.decide(List.of(news));
  }

  private Attempt attempt(SimulatedOwner owner, SimulatedOwner.Pending pending, boolean isLate) {
    InstanceState state = pending.state();
    StepKey key = pending.effect().key();
    ActionStep step = (ActionStep) state.definition().step(key.step());
    String participant = step.participant();
    if (participant == null) {
      int slot = slot(step, state, key);
      if (slot != slot(step, state, key)) {
        simulation.fault("The shard key of step \"%s\" is another each time".formatted(key));
      }
      return new Attempt(owner, state, step, pending.effect(), StepCode.of(step), slot, isLate);
    }
    Object command = simulation.command(state, step, key);
    String type = ParticipantCommand.typeOf(command.getClass());
    ParticipantCommand handler = owner.process().participants().find(participant, type);
    if (handler == null) {
      throw new InstanceState.InputException(
          "Participant \"%s\" has no handler of the command \"%s\"".formatted(participant, type),
          null);
    }
    StepCode code = StepCode.of(step, handler, command);
    int slot = slot(handler, command);
    return new Attempt(owner, state, step, pending.effect(), code, slot, isLate);
  }

  int slot(ParticipantCommand handler, Object command) {
    try {
      ShardKey key = handler.shardKey(command);
      return key == null
          ? simulation.home().slot()
          : simulation.transactions().slotOf(key.strategy(), key.text());
    } catch (RuntimeException e) {
      throw new InstanceState.InputException(String.valueOf(e.getMessage()), e);
    }
  }

  private int slot(ActionStep step, InstanceState state, StepKey key) {
    ActionStep.Reader<@Nullable String> reader = step.shardKey();
    if (reader == null) {
      return simulation.home().slot();
    }
    String text;
    try {
      text = reader.read(new StepInput(state, step, key, null));
    } catch (RuntimeException e) {
      throw new InstanceState.InputException(
          "The shard key of step \"%s\" can't be read: %s".formatted(key, e.getMessage()), e);
    }
    if (text == null || text.isBlank()) {
      throw new InstanceState.InputException(
          "The shard key of step \"%s\" is %s".formatted(key, text == null ? "null" : "blank"),
          null);
    }
    return simulation.transactions().slotOf(step.shardStrategy(), text);
  }

  /** All rows of the attempt's shard, its own last; nothing where its own is not there. */
  private List<SagaNews> readRows(Attempt attempt) {
    Row own = simulation.rows().find(attempt.key(), attempt.direction());
    SagaNews told = own == null ? null : news(attempt.state(), own);
    if (told == null) {
      return List.of();
    }
    List<SagaNews> news =
        new ArrayList<>(
            simulation
                .rows()
                .news(simulation.codec(), attempt.state().definition(), attempt.slot()));
    news.add(told);
    return news;
  }

  private @Nullable SagaNews news(InstanceState state, Row row) {
    return SimulatedRows.news(simulation.codec(), state.definition(), row);
  }

  private SagaNews perform(Attempt attempt, Action action) {
    if (action == Action.REFUSE) {
      return refuse(attempt, SCRIPTED, "it refuses because the test says so");
    }
    try {
      return attempt.step().isExternal() ? external(attempt, action) : local(attempt, action);
    } catch (Crashed e) {
      throw e;
    } catch (Exception e) {
      if (attempt.effect().work() == Work.FORWARD
          && attempt.code().isRefusal().test(e)
          && FailureKind.of(e) == FailureKind.HANDLER) {
        return refuse(attempt, e.getClass().getSimpleName(), String.valueOf(e.getMessage()));
      }
      return failed(
          attempt.key(),
          attempt.effect().work(),
          SagaNews.Failed.Kind.ERROR,
          e,
          isFault(attempt, e));
    }
  }

  /** Where another process was first, its effects may well be in the way. */
  private boolean isFault(Attempt attempt, Exception e) {
    return !attempt.isLate()
        && !(e instanceof ScriptedFailure)
        && simulation.rows().find(attempt.key(), attempt.direction()) == null;
  }

  // ---- in a transaction

  private SagaNews local(Attempt attempt, Action action) throws Exception {
    if (attempt.effect().work() == Work.FENCE) {
      return insert(attempt, Outcome.FENCED, null);
    }
    Row[] own = new Row[1];
    boolean first =
        simulation
            .transactions()
            .run(
                attempt.slot(),
                () -> {
                  own[0] = row(attempt, Outcome.DONE, call(attempt, action));
                  beforeCommit(attempt, attempt.verb());
                  return simulation.rows().find(attempt.key(), attempt.direction()) == null;
                });
    if (first) {
      simulation.rows().insert(own[0]);
      simulation.say(SagaSimulation.text(attempt.effect()) + " is committed");
    }
    return winner(attempt);
  }

  private byte @Nullable [] call(Attempt attempt, Action action) throws Exception {
    boolean undoes = attempt.effect().work() == Work.UNDO;
    ActionStep.Call call =
        undoes ? Objects.requireNonNull(attempt.code().compensation()) : attempt.code().action();
    SagaFailure failure = undoes ? attempt.state().failure() : null;
    StepInput input = new StepInput(attempt.state(), attempt.step(), attempt.key(), failure);
    Object value = call.call(input);
    if (action == Action.FAIL) {
      throw new ScriptedFailure();
    }
    return undoes
        ? null
        : simulation.codec().encode(value, "The result of step " + attempt.step().name());
  }

  private void beforeCommit(Attempt attempt, Verb verb) {
    StepKey key = attempt.key();
    if (!attempt.isLate()
        && simulation.at(Moment.BEFORE_COMMIT, verb, key.step(), key.item()) == Action.CRASH) {
      throw new Crashed();
    }
  }

  private SagaNews refuse(Attempt attempt, String type, String message) {
    SagaFailure why =
        new SagaFailure(SagaFailure.Reason.REFUSED, attempt.step().name(), type, message);
    beforeCommit(attempt, Verb.REFUSE);
    simulation.say("%s is refused: %s".formatted(attempt.key(), message));
    return end(attempt, row(attempt, Outcome.REFUSED, simulation.codec().encodeFailure(why)));
  }

  private SagaNews insert(Attempt attempt, Outcome outcome, byte @Nullable [] result) {
    beforeCommit(attempt, attempt.verb());
    return end(attempt, row(attempt, outcome, result));
  }

  private SagaNews end(Attempt attempt, Row row) {
    simulation.rows().insert(row);
    return winner(attempt);
  }

  /** The first row, whosever it is. */
  private SagaNews winner(Attempt attempt) {
    Row row = simulation.rows().find(attempt.key(), attempt.direction());
    return Objects.requireNonNull(news(attempt.state(), Objects.requireNonNull(row)));
  }

  private Row row(Attempt attempt, Outcome outcome, byte @Nullable [] result) {
    return new Row(
        attempt.key(),
        attempt.direction(),
        attempt.slot(),
        outcome,
        result,
        simulation.now(),
        outcome == Outcome.STARTED ? simulation.now().plus(CALL) : null);
  }

  // ---- outside

  private SagaNews external(Attempt attempt, Action action) throws Exception {
    Row row = simulation.rows().find(attempt.key(), attempt.direction());
    if (row != null && row.outcome() != Outcome.STARTED) {
      return winner(attempt);
    }
    boolean isPivot = attempt.step().kind() == StepKind.PIVOT;
    if (attempt.effect().work() == Work.FENCE && (row == null || !isPivot)) {
      if (row == null) {
        return insert(attempt, Outcome.FENCED, null);
      }
      java.time.Instant until = Objects.requireNonNull(row.notAfter());
      return simulation.now().isAfter(until)
          ? insert(attempt, Outcome.UNKNOWN, null)
          : new SagaNews.Handed(attempt.key(), Work.FENCE, until.plusMillis(1));
    }
    if (attempt.effect().work() != Work.UNDO) {
      simulation.rows().insert(row(attempt, Outcome.STARTED, null));
    }
    byte[][] result = new byte[1][];
    simulation
        .transactions()
        .run(
            Transactions.OUTSIDE,
            () -> {
              result[0] = call(attempt, action);
              return true;
            });
    beforeCommit(attempt, attempt.verb());
    simulation.say(SagaSimulation.text(attempt.effect()) + " is called");
    return end(attempt, row(attempt, Outcome.DONE, result[0]));
  }

  // ---- failures

  /**
   * Work came to nothing.
   *
   * @param isFault whether nobody has scripted it
   */
  SagaNews.Failed failed(
      StepKey key, Work work, SagaNews.Failed.Kind kind, Exception e, boolean isFault) {
    String what = SagaSimulation.text(new Effect(key, work, 1, false));
    String text = "%s failed: %s: %s".formatted(what, e.getClass().getSimpleName(), e.getMessage());
    if (isFault) {
      simulation.fault(text);
    } else {
      simulation.say(text);
    }
    return new SagaNews.Failed(
        key, work, kind, e.getClass().getSimpleName(), String.valueOf(e.getMessage()));
  }

  /** The step as the instance's definition has it. */
  static ActionStep action(InstanceState state, StepKey key) {
    StepDefinition step = state.definition().step(key.step());
    return (ActionStep) step;
  }
}
