package dev.evenkeel.saga;

import static dev.evenkeel.saga.StepLaws.require;

import java.util.Set;

/** What must hold of the worlds of {@link SagaModel}, beside the laws of their steps. */
final class SagaLaws {

  private SagaLaws() {}

  /** Before an await is given up. */
  static void timeOut(SagaModel model, ModelWorld world) {
    require(model.stored(world) == 0, "a signal that was stored before the timeout counts");
  }

  /** In every world. */
  static void check(SagaModel model, ModelWorld world) {
    StepLaws.check(model, world);
    require(
        world.signalsTaken + model.stored(world) == world.signalsSent,
        "a signal is taken once, and none is lost");
    require(
        !world.cancelSent
            || model.isCancelStored(world)
            || isTurned(world)
            || StepLaws.isPivotDone(model, world),
        "a cancel turns the saga, or comes after the pivot");
    SagaFailure failure = world.failure;
    if (failure != null && failure.reason() == SagaFailure.Reason.REFUSED) {
      StepLaws.refusal(model, world, failure); // somebody else's attempt may have succeeded
    }
  }

  private static boolean isTurned(ModelWorld world) {
    return Set.of(SagaState.CLOSING, SagaState.COMPENSATING, SagaState.COMPENSATED)
        .contains(world.phase);
  }
}
