package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.StepDefinition;
import java.util.Set;

/** What must hold of every world, whatever happened in it. They look at rows only. */
final class SagaLaws {

  private SagaLaws() {}

  static void require(boolean holds, String law) {
    if (!holds) {
      throw new AssertionError(law);
    }
  }

  private static boolean lets(ModelWorld world, int i) {
    Outcome outcome = world.rows[i];
    return outcome != null && outcome.lets();
  }

  /** Before a step takes effect. */
  static void forward(SagaModel model, ModelWorld world, int i) {
    StepDefinition step = model.definition().step(model.key(i).step());
    for (int j = 0; j < model.size(); j++) {
      if (step.ancestors().contains(model.key(j).step())) {
        require(lets(world, j), "a step takes effect after its ancestors");
      }
    }
    require(
        world.phase != SagaState.COMPENSATING && world.phase != SagaState.COMPENSATED,
        "nothing takes effect once undoing has begun");
  }

  /** Before a step is undone. */
  static void undo(SagaModel model, ModelWorld world, int i) {
    require(world.phase == SagaState.COMPENSATING, "undoing begins with COMPENSATING");
    require(world.rows[i] == Outcome.DONE, "only what took effect is undone");
    String step = model.key(i).step();
    for (int j = 0; j < model.size(); j++) {
      StepDefinition later = model.definition().step(model.key(j).step());
      if (later.ancestors().contains(step) && isUndoable(model, j)) {
        require(
            world.rows[j] != Outcome.DONE || world.undone[j],
            "a step is undone after everything that came after it");
      }
    }
  }

  /** Before an await is given up. */
  static void timeOut(SagaModel model, ModelWorld world) {
    require(model.stored(world) == 0, "a signal that was stored before the timeout counts");
  }

  private static boolean isUndoable(SagaModel model, int i) {
    return model.definition().step(model.key(i).step()) instanceof ActionStep action
        && action.compensation() != null;
  }

  private static boolean isPivotDone(SagaModel model, ModelWorld world) {
    ActionStep pivot = model.definition().pivot();
    return pivot != null && lets(world, model.number(new StepKey(pivot.name(), 0)));
  }

  /** In every world. */
  static void check(SagaModel model, ModelWorld world) {
    boolean isPivotDone = isPivotDone(model, world);
    for (int i = 0; i < model.size(); i++) {
      require(world.effects[i] <= 1, "a step takes effect at most once");
      require(world.undoEffects[i] <= 1, "a step is undone at most once");
      require(!world.undone[i] || world.rows[i] == Outcome.DONE, "only what took effect is undone");
      require(!world.undone[i] || !isPivotDone, "after the pivot nothing is undone");
      StepDefinition step = model.definition().step(model.key(i).step());
      if (step instanceof ActionStep) {
        require(
            (world.effects[i] == 1) == (world.rows[i] == Outcome.DONE),
            "an effect commits with its row");
      }
    }
    require(
        world.signalsTaken + model.stored(world) == world.signalsSent,
        "a signal is taken once, and none is lost");
    require(!world.forwardOnly || isPivotDone, "only forward once the pivot is done, not before");
    boolean isUndoing =
        world.phase == SagaState.COMPENSATING || world.phase == SagaState.COMPENSATED;
    require(!isUndoing || !isPivotDone, "after the pivot nothing is undone");
    require(
        !world.cancelSent || model.isCancelStored(world) || isTurned(world) || isPivotDone,
        "a cancel turns the saga, or comes after the pivot");
    checkRefusal(model, world);
    if (world.phase == SagaState.COMPLETED) {
      for (int i = 0; i < model.size(); i++) {
        require(lets(world, i), "completed is wholly done");
      }
    }
    if (world.phase == SagaState.COMPENSATED) {
      for (int i = 0; i < model.size(); i++) {
        require(
            world.rows[i] != Outcome.DONE || world.undone[i] || !isUndoable(model, i),
            "compensated is wholly undone");
      }
    }
  }

  private static boolean isTurned(ModelWorld world) {
    return Set.of(SagaState.CLOSING, SagaState.COMPENSATING, SagaState.COMPENSATED)
        .contains(world.phase);
  }

  /** Somebody else's attempt may have succeeded. */
  private static void checkRefusal(SagaModel model, ModelWorld world) {
    SagaFailure failure = world.failure;
    if (failure == null || failure.reason() != SagaFailure.Reason.REFUSED) {
      return;
    }
    boolean found = false;
    for (int i = 0; i < model.size(); i++) {
      found |= model.key(i).step().equals(failure.step()) && world.rows[i] == Outcome.REFUSED;
    }
    require(found, "a refusal counts once its row is committed");
  }
}
