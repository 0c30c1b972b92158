package dev.evenkeel.saga;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What an operator did to an instance: stored in the same transaction as the decision, and deleted
 * with the instance.
 *
 * @param kind what was decided
 * @param step about which step; null when it was about the instance
 * @param item of a {@code forEach} step, from 0; else null
 * @param actedAt by the home shard's clock
 * @param actedBy who
 * @param because why
 */
public record SagaAction(
    Kind kind,
    @Nullable String step,
    @Nullable Integer item,
    Instant actedAt,
    String actedBy,
    String because) {

  /** What can be decided. */
  public enum Kind {
    /** Try at once what waits for its next attempt. */
    RETRY,
    /** Go on without a step. */
    SKIP,
    /** A step was undone by hand. */
    RESOLVE,
    /** Turn back. */
    CANCEL
  }
}
