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
      /** Another saga has a lock, whose end is waited for: no attempt, and it has its own bound. */
      LOCKED,
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

  /** Somebody else has it from now on: a child saga, or only time can tell. */
  record Handed(StepKey key, StepState.Work work, Instant againAt) implements SagaNews {}

  /**
   * A participant or a child has answered.
   *
   * @param position of the stored answer
   * @param sending which asking it answers
   * @param what it says
   * @param result as it was written
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Answered(long position, int sending, SagaNews what, byte @Nullable [] result)
      implements SagaNews {

    StepKey key() {
      return what instanceof Ended ended
          ? ended.key()
          : what instanceof Undone undone
              ? undone.key()
              : what instanceof Handed handed ? handed.key() : ((Failed) what).key();
    }
  }

  /** An event was stored for the instance. */
  record Signalled(InstanceState.Signal signal) implements SagaNews {}

  /**
   * An operator has decided something.
   *
   * @param position of the stored decision, which stays until it is carried out
   * @param result of a skip, decoded
   */
  record Decided(long position, OperatorDecision what, @Nullable Object result)
      implements SagaNews {

    /** Which step it is about. */
    StepKey key() {
      return new StepKey(String.valueOf(what.step()), what.item());
    }
  }

  /** Somebody wants it to turn back. */
  record Cancelled(long position, String reason) implements SagaNews {}
}
