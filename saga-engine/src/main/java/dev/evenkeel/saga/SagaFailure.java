package dev.evenkeel.saga;

import org.jspecify.annotations.Nullable;

/**
 * Why a saga turned back. Stored with it, and given to compensations that ask for it.
 *
 * @param reason what kind of cause
 * @param step the step that caused it; null for a deadline and a cancel
 * @param type simple name of the exception; of a cancel, a deadline or a timeout empty
 * @param message in a sentence, for people; cut off after 1,000 characters
 */
public record SagaFailure(Reason reason, @Nullable String step, String type, String message) {

  private static final int MAX_MESSAGE = 1_000;

  public SagaFailure {
    message = StorableText.of(message, MAX_MESSAGE);
  }

  /** Kinds of causes. */
  public enum Reason {
    /** A step said no, for business reasons. */
    REFUSED,
    /** A step failed in every attempt that it had. */
    ATTEMPTS_EXHAUSTED,
    /** An awaited event did not come in time. */
    TIMEOUT,
    /** The saga did not reach its pivot in time. */
    DEADLINE,
    /** Somebody asked for it. */
    CANCELLED
  }
}
