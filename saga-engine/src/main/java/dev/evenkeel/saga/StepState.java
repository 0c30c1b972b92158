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
 * @param asked what was asked of somebody else, who has not answered yet or did before
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
    @Nullable String trouble,
    Asked asked) {

  /** What can be under way. */
  enum Work {
    NONE,
    FORWARD,
    FENCE,
    UNDO,
    /** An operator's row in place of the step's. */
    SKIP,
    /** An operator's row in place of the compensation's. */
    RESOLVE
  }

  /**
   * What was asked of a participant, a child saga or time itself. Not under way in this process, so
   * it keeps nothing in memory.
   *
   * @param what none when the last answer was that it failed
   * @param sendings how often anything was asked; 0: nobody can have done anything
   * @param againAt when to ask again, should no answer come
   * @param silences how often in a row none came
   */
  record Asked(Work what, int sendings, Instant againAt, int silences) {

    static final Asked NOTHING = new Asked(Work.NONE, 0, Instant.EPOCH, 0);
  }

  static final StepState UNTOUCHED =
      new StepState(Work.NONE, null, null, null, false, 0, 0, null, null, Asked.NOTHING);

  StepState working(Work next) {
    return new StepState(
        next, outcome, result, recordedAt, undone, attempts, tries, null, trouble, asked);
  }

  /** Somebody else has it now; the attempts go on counting. */
  StepState asking(Work what, Instant againAt) {
    int silences = isAsked(what) ? asked.silences() + 1 : 0;
    Asked next = new Asked(what, asked.sendings() + 1, againAt, silences);
    return new StepState(
        Work.NONE, outcome, result, recordedAt, undone, attempts, tries, null, trouble, next);
  }

  /** Whoever was asked is at it. */
  StepState waiting(Instant againAt) {
    return resumed(new Asked(asked.what(), asked.sendings(), againAt, 0));
  }

  /** Whether it was asked and is not answered. */
  boolean isAsked(Work what) {
    return asked.what() == what;
  }

  StepState ended(Outcome committed, @Nullable Object value, Instant at) {
    return new StepState(Work.NONE, committed, value, at, undone, 0, 0, null, null, answered());
  }

  StepState whenUndone() {
    return new StepState(
        Work.NONE, outcome, result, recordedAt, true, 0, 0, null, null, answered());
  }

  StepState failed(int newAttempts, Instant next, @Nullable String newTrouble) {
    return new StepState(
        Work.NONE,
        outcome,
        result,
        recordedAt,
        undone,
        newAttempts,
        tries + 1,
        next,
        newTrouble,
        answered());
  }

  private Asked answered() {
    return asked.what() == Work.NONE
        ? asked
        : new Asked(Work.NONE, asked.sendings(), asked.againAt(), 0);
  }

  /** Nothing can have been asked after all. */
  StepState unasked() {
    return new StepState(
        work,
        outcome,
        result,
        recordedAt,
        undone,
        attempts,
        tries,
        notBefore,
        trouble,
        Asked.NOTHING);
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
        trouble,
        asked);
  }

  /** What an earlier owner asked. */
  StepState resumed(Asked earlier) {
    return new StepState(
        work, outcome, result, recordedAt, undone, attempts, tries, notBefore, trouble, earlier);
  }

  /** In a new direction attempts count from the beginning; what is under way is of the old one. */
  StepState turned() {
    return new StepState(
        Work.NONE, outcome, result, recordedAt, undone, 0, tries, null, null, asked);
  }

  /** It keeps its saga, for a reason that no attempt of its own has given. */
  StepState troubled(String why) {
    return new StepState(
        work, outcome, result, recordedAt, undone, attempts, tries, notBefore, why, asked);
  }

  /** Whatever it waits for, it waits no longer. */
  StepState hurried() {
    Asked now = new Asked(asked.what(), asked.sendings(), Instant.EPOCH, 0);
    return new StepState(
        work, outcome, result, recordedAt, undone, attempts, tries, null, trouble, now);
  }

  /** Whether it took effect, or may have, and still does. */
  boolean isUndoable() {
    return (outcome == Outcome.DONE || outcome == Outcome.UNKNOWN) && !undone;
  }

  boolean isDue(Instant now) {
    return notBefore == null || !notBefore.isAfter(now);
  }
}
