package dev.evenkeel.saga;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What the coordinator is told. */
sealed interface SagaNews {

  /** Look again: it begins, was taken over, a write has committed, or time has passed. */
  record Look() implements SagaNews {}

  /**
   * A forward row is committed, whoever wrote it.
   *
   * @param result decoded
   * @param failure of a refusal
   */
  record Ended(
      StepKey key,
      Outcome outcome,
      @Nullable Object result,
      @Nullable SagaFailure failure,
      Instant at)
      implements SagaNews {}

  /** A compensation is committed. */
  record Undone(StepKey key) implements SagaNews {}

  /**
   * Work on a step came to nothing.
   *
   * @param work what was tried
   * @param type simple name of the exception
   * @param message one sentence
   */
  record Failed(StepKey key, StepState.Work work, Kind kind, String type, String message)
      implements SagaNews {

    /** What that means for the next attempt. */
    enum Kind {
      /** The shard does not answer: no attempt was made. */
      OUTAGE,
      /** Deadlock, serialization failure or lock timeout: every tenth counts. */
      CONTENTION,
      /** The code failed. */
      ERROR,
      /** Items, shard key or slot can't be computed: no attempt can succeed. */
      INPUT,
      /** The step is known to have been done, and its row is not there. */
      MISSING
    }
  }

  /** An event was stored for the instance. */
  record Signalled(InstanceState.Signal signal) implements SagaNews {}

  /** Somebody wants it to turn back. */
  record Cancelled(long position, String reason) implements SagaNews {}
}
