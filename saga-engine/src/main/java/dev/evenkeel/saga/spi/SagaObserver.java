package dev.evenkeel.saga.spi;

import dev.evenkeel.saga.SagaState;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Told what happens to sagas, for meters and traces. Called on hot paths: must not block or throw.
 */
public interface SagaObserver {

  /** Does nothing. */
  SagaObserver NONE = new SagaObserver() {};

  /** An attempt at a step or its compensation, from before its transaction to its end. */
  interface Attempt {

    /** Nobody watches. */
    Attempt UNWATCHED = outcome -> {};

    /**
     * It ended, on the thread it began on.
     *
     * @param outcome {@code DONE}, {@code REFUSED}, {@code FENCED}, {@code STARTED} for a call that
     *     may still be under way, {@code UNKNOWN} for one of which nobody knows, {@code LOCKED},
     *     {@code FAILED} or {@code UNAVAILABLE}
     */
    void ended(String outcome);
  }

  /**
   * An attempt begins on this thread.
   *
   * @param headers of the saga, with the {@code traceparent} of its start
   * @param compensation whether the step is undone
   */
  default Attempt attempt(
      String saga,
      UUID sagaId,
      String step,
      boolean compensation,
      int attempt,
      Map<String, String> headers) {
    return Attempt.UNWATCHED;
  }

  /** An instance was stored, and the transaction has committed. */
  default void started(String saga) {}

  /**
   * An instance ended.
   *
   * @param state {@code COMPLETED} or {@code COMPENSATED}
   * @param sinceStart from the start to the end
   */
  default void ended(String saga, UUID sagaId, SagaState state, Duration sinceStart) {}

  /** An instance was marked as stuck. */
  default void stuck(String saga, @Nullable String step) {}

  /** An instance was taken over from a node whose lease had ended. */
  default void takenOver(String saga) {}

  /** A signal expired, because its saga was never started. */
  default void signalExpired(String saga) {}
}
