package dev.evenkeel.saga;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the owner knows of one step. Immutable.
 *
 * @param work what is under way for it
 * @param outcome the committed one; null while none is known
 * @param result decoded; null for none
 * @param recordedAt when the outcome was recorded
 * @param undone whether its compensation has committed
 * @param attempts failed ones in the present direction, those that count
 * @param tries all of them, outages included
 * @param notBefore when the next may begin; null for now
 * @param trouble why it counts as stuck; null when it does not
 */
record StepState(
    Work work,
    @Nullable Outcome outcome,
    @Nullable Object result,
    @Nullable Instant recordedAt,
    boolean undone,
    int attempts,
    int tries,
    @Nullable Instant notBefore,
    @Nullable String trouble) {

  /** What can be under way. */
  enum Work {
    NONE,
    FORWARD,
    FENCE,
    UNDO
  }

  static final StepState UNTOUCHED =
      new StepState(Work.NONE, null, null, null, false, 0, 0, null, null);

  StepState working(Work next) {
    return new StepState(next, outcome, result, recordedAt, undone, attempts, tries, null, trouble);
  }

  StepState ended(Outcome committed, @Nullable Object value, Instant at) {
    return new StepState(Work.NONE, committed, value, at, undone, 0, 0, null, null);
  }

  StepState whenUndone() {
    return new StepState(Work.NONE, outcome, result, recordedAt, true, 0, 0, null, null);
  }

  StepState failed(int newAttempts, Instant next, @Nullable String newTrouble) {
    return new StepState(
        Work.NONE, outcome, result, recordedAt, undone, newAttempts, tries + 1, next, newTrouble);
  }

  /** Attempts that an earlier owner made. */
  StepState resumed(int earlierAttempts, int earlierTries) {
    return new StepState(
        work,
        outcome,
        result,
        recordedAt,
        undone,
        earlierAttempts,
        earlierTries,
        notBefore,
        trouble);
  }

  /** In a new direction attempts count from the beginning; what is under way is of the old one. */
  StepState turned() {
    return new StepState(Work.NONE, outcome, result, recordedAt, undone, 0, tries, null, null);
  }

  boolean isDue(Instant now) {
    return notBefore == null || !notBefore.isAfter(now);
  }
}
