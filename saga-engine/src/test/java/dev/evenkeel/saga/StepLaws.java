package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;

/** What must hold of the steps of every world of every model. Looks at rows and effects only. */
final class StepLaws {

  /** How a model numbers the steps of its definition. */
  interface Numbers {

    SagaDefinition definition();

    int size();

    StepKey key(int number);

    int number(StepKey key);
  }

  private StepLaws() {}

  static void require(boolean holds, String law) {
    if (!holds) {
      throw new AssertionError("Law broken: " + law);
    }
  }

  /** Before a step takes effect. */
  static void forward(Numbers steps, StoredSteps world, int i) {
    StepDefinition step = step(steps, i);
    for (int j = 0; j < steps.size(); j++) {
      if (step.ancestors().contains(steps.key(j).step())) {
        require(world.lets(j), "order: a step takes effect after its ancestors");
      }
    }
    require(
        world.phase != SagaState.COMPENSATING && world.phase != SagaState.COMPENSATED,
        "late: nothing takes effect once undoing has begun");
  }

  /** Before a step is undone. */
  static void undo(Numbers steps, StoredSteps world, int i) {
    require(world.phase == SagaState.COMPENSATING, "undo: nothing is undone before COMPENSATING");
    require(world.rows[i] == Outcome.DONE, "undo: only what took effect is undone");
    for (int j = 0; j < steps.size(); j++) {
      if (step(steps, j).ancestors().contains(steps.key(i).step()) && isUndoable(steps, j)) {
        require(
            world.rows[j] != Outcome.DONE || world.undone[j],
            "order: a step is undone after everything that came after it");
      }
    }
  }

  static boolean isPivotDone(Numbers steps, StoredSteps world) {
    ActionStep pivot = steps.definition().pivot();
    return pivot != null && world.lets(steps.number(new StepKey(pivot.name(), 0)));
  }

  /** Whether a step that a failure names has its refusal committed. */
  static void refusal(Numbers steps, StoredSteps world, SagaFailure failure) {
    boolean found = false;
    for (int i = 0; i < steps.size(); i++) {
      found |= steps.key(i).step().equals(failure.step()) && world.rows[i] == Outcome.REFUSED;
    }
    require(found, "refusal: it counts once its row is committed");
  }

  /** In every world. */
  static void check(Numbers steps, StoredSteps world) {
    boolean isPivotDone = isPivotDone(steps, world);
    for (int i = 0; i < steps.size(); i++) {
      require(world.effects[i] <= 1, "once: a step takes effect at most once");
      require(world.undoEffects[i] <= 1, "once: a step is undone at most once");
      require(
          !world.undone[i] || world.rows[i] == Outcome.DONE,
          "undo: only what took effect is undone");
      require(!world.undone[i] || !isPivotDone, "pivot: after it nothing is undone");
      require(
          !(step(steps, i) instanceof ActionStep)
              || (world.effects[i] == 1) == (world.rows[i] == Outcome.DONE),
          "row: an effect commits with its row");
      require(
          world.phase != SagaState.COMPLETED || world.lets(i), "rest: completed is wholly done");
      require(
          world.phase != SagaState.COMPENSATED
              || world.rows[i] != Outcome.DONE
              || world.undone[i]
              || !isUndoable(steps, i),
          "rest: compensated is wholly undone");
    }
    require(!world.forwardOnly || isPivotDone, "pivot: only forward once it is done, not before");
    boolean isUndoing =
        world.phase == SagaState.COMPENSATING || world.phase == SagaState.COMPENSATED;
    require(!isUndoing || !isPivotDone, "pivot: after it nothing is undone");
  }

  private static StepDefinition step(Numbers steps, int i) {
    return steps.definition().step(steps.key(i).step());
  }

  private static boolean isUndoable(Numbers steps, int i) {
    return step(steps, i) instanceof ActionStep action && action.compensation() != null;
  }
}
