package dev.evenkeel.saga;

import static dev.evenkeel.saga.StepLaws.require;

import dev.evenkeel.saga.TwoNodesWorld.Run;
import dev.evenkeel.saga.definition.ActionStep;

/** What must hold of the worlds of {@link TwoNodes}, beside the laws of their steps. */
final class TwoNodesLaws {

  private static final int MAX_ATTEMPTS = 2;

  private TwoNodesLaws() {}

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
      StepLaws.refusal(model, world, failure);
    }
  }

  /** In every world. */
  static void check(TwoNodes model, TwoNodesWorld world) {
    StepLaws.check(model, world);
    for (int i = 0; i < model.size(); i++) {
      require(
          (world.undoEffects[i] == 1) == world.undone[i], "row: an undoing commits with its row");
    }
  }
}
