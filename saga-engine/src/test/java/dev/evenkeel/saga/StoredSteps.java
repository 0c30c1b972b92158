package dev.evenkeel.saga;

import org.jspecify.annotations.Nullable;

/** What the databases of a model hold of one instance, and what its steps did; by step number. */
abstract class StoredSteps {

  // The home shard.
  SagaState phase = SagaState.RUNNING;
  boolean forwardOnly;

  // The steps' shards.
  final @Nullable Outcome[] rows;
  final boolean[] undone;
  final int[] effects;
  final int[] undoEffects;

  StoredSteps(int steps) {
    rows = new Outcome[steps];
    undone = new boolean[steps];
    effects = new int[steps];
    undoEffects = new int[steps];
  }

  /** Makes this a copy of the other, as far as it is known here. */
  final void become(StoredSteps other) {
    phase = other.phase;
    forwardOnly = other.forwardOnly;
    System.arraycopy(other.rows, 0, rows, 0, rows.length);
    System.arraycopy(other.undone, 0, undone, 0, rows.length);
    System.arraycopy(other.effects, 0, effects, 0, rows.length);
    System.arraycopy(other.undoEffects, 0, undoEffects, 0, rows.length);
  }

  /** Whether what comes after the step may begin. */
  final boolean lets(int i) {
    Outcome outcome = rows[i];
    return outcome != null && outcome.lets();
  }
}
