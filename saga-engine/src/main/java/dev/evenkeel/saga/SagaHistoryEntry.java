package dev.evenkeel.saga;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One line of an instance's history, oldest first.
 *
 * @param at when, by the owner's reckoning of the home shard's clock
 * @param kind what happened
 * @param step null for a transition
 * @param item of a {@code forEach} step, from 0; else null
 * @param attempt from 1; 0 where none was made
 * @param shard where; null for a transition
 * @param duration of the attempt
 * @param detail new state of a transition, or a failure's sentence; empty when there is none
 */
public record SagaHistoryEntry(
    Instant at,
    Kind kind,
    @Nullable String step,
    @Nullable Integer item,
    int attempt,
    @Nullable String shard,
    Duration duration,
    String detail) {

  /** What can happen. */
  public enum Kind {
    /** The instance entered a state. */
    STATE,
    /** A step took effect, or an awaited event arrived. */
    DONE,
    /** A step said no, or an awaited event did not come in time. */
    REFUSED,
    /** A step was kept from ever happening. */
    FENCED,
    /** Nobody knows whether a call took effect, and it can't be under way any more. */
    UNKNOWN,
    /** An attempt failed and is repeated. */
    FAILED,
    /** The shard of a step did not answer. */
    UNAVAILABLE,
    /** A step began to wait for another saga's lock. */
    LOCKED,
    /** A step was undone. */
    COMPENSATED,
    /** An attempt to undo failed and is repeated. */
    COMPENSATION_FAILED,
    /** The instance was marked as stuck. */
    STUCK,
    /** The instance was taken over from another node. */
    TAKEN_OVER,
    /** An operator decided something; the detail says what, who and why. */
    DECIDED,
    /** A step was skipped, as an operator had decided. */
    SKIPPED
  }
}
