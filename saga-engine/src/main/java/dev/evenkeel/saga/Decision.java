package dev.evenkeel.saga;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the coordinator decided.
 *
 * @param state the instance's from now on
 * @param effects to perform now; they do not follow from what has to be written first
 * @param sends to be committed with the write, which then comes first
 * @param write whether the state has to be written
 * @param unlessNews with {@link Write#FIRST}: only if nothing has arrived that was not looked at
 * @param awaited outcomes of awaits, to be committed with the write
 * @param taken positions of stored events that are used up, to be deleted with the write
 * @param lookAt when to look again at the latest; null for never
 */
record Decision(
    InstanceState state,
    List<Effect> effects,
    List<Send> sends,
    Write write,
    boolean unlessNews,
    List<Awaited> awaited,
    List<Long> taken,
    @Nullable Instant lookAt) {

  /** What exists only at home is written before anything follows from it. */
  enum Write {
    /** Nothing is new. */
    NONE,
    /** Some time: it can be found out again. */
    LATER,
    /** Committed before the coordinator is asked again. */
    FIRST
  }

  /** Something to do on a shard. */
  record Effect(StepKey key, StepState.Work work, int attempt, boolean again) {}

  /** Something to ask of a participant elsewhere; asked again at the latest when it says. */
  record Send(StepKey key, StepState.Work work, int sending, Instant againAt) {}

  /**
   * The outcome of an await.
   *
   * @param event null when it did not come
   */
  record Awaited(StepKey key, Outcome outcome, InstanceState.@Nullable Signal event) {}
}
