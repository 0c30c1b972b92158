package dev.evenkeel.testing.saga;

import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a saga in a test.
 *
 * @param state where it stands
 * @param failure why it turned back; null when it did not
 * @param trouble what keeps it; null when nothing does
 * @param effects what took effect, in order, as {@code step/item}, undone ones with a minus before
 * @param history what happened, oldest first, each line with the time since the start
 * @param faults what no correct saga does
 */
public record SagaOutcome(
    SagaState state,
    @Nullable SagaFailure failure,
    @Nullable String trouble,
    List<String> effects,
    List<String> history,
    List<String> faults) {

  public SagaOutcome {
    effects = List.copyOf(effects);
    history = List.copyOf(history);
    faults = List.copyOf(faults);
  }

  /** Whether it has completed or is wholly undone. */
  public boolean isEnded() {
    return state.isEnded();
  }

  /** Whether it has completed. */
  public boolean isCompleted() {
    return state == SagaState.COMPLETED;
  }
}
