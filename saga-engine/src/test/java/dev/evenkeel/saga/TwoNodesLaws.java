package dev.evenkeel.saga;

import dev.evenkeel.saga.TwoNodesWorld.Run;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.StepDefinition;

/** What must hold of every world, whatever happened in it: of rows and effects, and of writes. */
final class TwoNodesLaws {

  private static final int MAX_ATTEMPTS = 2;

  private TwoNodesLaws() {}

  static void require(boolean holds, String law) {
    if (!holds) {
      throw new AssertionError("Law broken: " + law);
    }
  }

  private static boolean lets(TwoNodesWorld world, int i) {
    Outcome outcome = world.rows[i];
    return outcome != null && outcome.lets();
  }

  /** Before a step takes effect. */
  static void forward(TwoNodes model, TwoNodesWorld world, int i) {
    StepDefinition step = model.definition().step(model.key(i).step());
    for (int j = 0; j < model.size(); j++) {
      if (step.ancestors().contains(model.key(j).step())) {
        require(lets(world, j), "order: a step takes effect after its ancestors");
      }
    }
    require(
        world.phase != SagaState.COMPENSATING && world.phase != SagaState.COMPENSATED,
        "late: nothing takes effect once undoing has begun");
  }

  /** Before a step is undone. */
  static void undo(TwoNodes model, TwoNodesWorld world, int i) {
    require(world.phase == SagaState.COMPENSATING, "undo: nothing is undone before COMPENSATING");
    require(world.rows[i] == Outcome.DONE, "undo: only what took effect is undone");
    String step = model.key(i).step();
    for (int j = 0; j < model.size(); j++) {
      StepDefinition later = model.definition().step(model.key(j).step());
      if (later.ancestors().contains(step) && isUndoable(model, j)) {
        require(
            world.rows[j] != Outcome.DONE || world.undone[j],
            "order: a step is undone after everything that came after it");
      }
    }
  }

  /** Where something happens. */
  static void place(TwoNodes model, int i, int shard) {
    require(
        model.place(i) == shard,
        "binding: a step and its row are on the shard of its key; %s has to be on s%d, was on s%d"
            .formatted(model.key(i), model.place(i), shard));
  }

  /** Before a write of the instance counts. */
  static void write(Run run, boolean isOverNews) {
    require(run.isLatest, "fence: nothing that a former owner writes counts");
    require(
        !isOverNews,
        "news: what is stored is looked at before a time counts as over or the saga parks");
  }

  /** When a run decides: of news that come together a cancel may come before the pivot's end. */
  static void decide(TwoNodes model, InstanceState before, InstanceState next) {
    ActionStep pivot = model.definition().pivot();
    Outcome known = pivot == null ? null : before.step(new StepKey(pivot.name(), 0)).outcome();
    require(
        before.phase() != SagaState.RUNNING
            || next.phase() != SagaState.CLOSING
            || (!before.forwardOnly() && (known == null || !known.lets())),
        "pivot: once it is known to be done, nothing turns back");
  }

  /** Before an instance enters its next state. */
  static void turn(TwoNodes model, TwoNodesWorld world, InstanceState next) {
    SagaFailure failure = next.failure();
    if (world.phase != SagaState.RUNNING || next.phase() != SagaState.CLOSING || failure == null) {
      return;
    }
    if (failure.reason() == SagaFailure.Reason.ATTEMPTS_EXHAUSTED) {
      int most = 0;
      for (int i = 0; i < model.size(); i++) {
        if (model.key(i).step().equals(failure.step())) {
          most = Math.max(most, world.failures[i]);
        }
      }
      require(
          most >= MAX_ATTEMPTS,
          "attempts: a step is given up after as many failures as it may have");
    }
    if (failure.reason() == SagaFailure.Reason.REFUSED) {
      boolean found = false;
      for (int i = 0; i < model.size(); i++) {
        found |= model.key(i).step().equals(failure.step()) && world.rows[i] == Outcome.REFUSED;
      }
      require(found, "refusal: it counts once its row is committed");
    }
  }

  private static boolean isUndoable(TwoNodes model, int i) {
    return model.definition().step(model.key(i).step()) instanceof ActionStep action
        && action.compensation() != null;
  }

  private static boolean isPivotDone(TwoNodes model, TwoNodesWorld world) {
    ActionStep pivot = model.definition().pivot();
    return pivot != null && lets(world, model.number(new StepKey(pivot.name(), 0)));
  }

  /** In every world. */
  static void check(TwoNodes model, TwoNodesWorld world) {
    boolean isPivotDone = isPivotDone(model, world);
    for (int i = 0; i < model.size(); i++) {
      require(world.effects[i] <= 1, "once: a step takes effect at most once");
      require(world.undoEffects[i] <= 1, "once: a step is undone at most once");
      require(
          !world.undone[i] || world.rows[i] == Outcome.DONE,
          "undo: only what took effect is undone");
      require(!world.undone[i] || !isPivotDone, "pivot: after it nothing is undone");
      require(
          (world.effects[i] == 1) == (world.rows[i] == Outcome.DONE),
          "row: an effect commits with its row");
      require(
          (world.undoEffects[i] == 1) == world.undone[i], "row: an undoing commits with its row");
    }
    require(!world.forwardOnly || isPivotDone, "pivot: only forward once it is done, not before");
    boolean isUndoing =
        world.phase == SagaState.COMPENSATING || world.phase == SagaState.COMPENSATED;
    require(!isUndoing || !isPivotDone, "pivot: after it nothing is undone");
    for (int i = 0; i < model.size(); i++) {
      require(
          world.phase != SagaState.COMPLETED || lets(world, i), "rest: completed is wholly done");
      require(
          world.phase != SagaState.COMPENSATED
              || world.rows[i] != Outcome.DONE
              || world.undone[i]
              || !isUndoable(model, i),
          "rest: compensated is wholly undone");
    }
  }
}
