package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaFilter;
import dev.evenkeel.saga.SagaOperations;
import dev.evenkeel.saga.SagaState;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads what callers of {@code evenkeelsagas} say. What can't be read throws an {@link
 * IllegalArgumentException} with the sentence for the caller.
 */
final class SagaRequest {

  private SagaRequest() {}

  static SagaFilter filter(
      @Nullable String saga,
      @Nullable String key,
      @Nullable String state,
      @Nullable Boolean stuck,
      @Nullable String startedAfter,
      @Nullable String startedBefore,
      @Nullable String step,
      @Nullable String error) {
    return new SagaFilter(
        DeadLetterRequest.text("saga", saga),
        DeadLetterRequest.text("key", key),
        states(state),
        Boolean.TRUE.equals(stuck),
        DeadLetterRequest.instant("startedAfter", startedAfter),
        DeadLetterRequest.instant("startedBefore", startedBefore),
        DeadLetterRequest.text("step", step),
        DeadLetterRequest.text("error", error));
  }

  private static Set<SagaState> states(@Nullable String state) {
    return state == null
        ? Set.of()
        : Arrays.stream(state.split(",", -1))
            .map(name -> DeadLetterRequest.oneOf("state", SagaState.class, name.strip()))
            .collect(Collectors.toUnmodifiableSet());
  }

  /** So that nobody decides about all of them by leaving something out. */
  static void requireExplicit(SagaFilter filter, boolean all) {
    if (filter.isAll() && !all) {
      throw new IllegalArgumentException(
          "Name at least one of saga, key, state, stuck, startedAfter, startedBefore, step and error,"
              + " or \"all\": true to mean every saga");
    }
    if (!filter.isAll() && all) {
      throw new IllegalArgumentException(
          "\"all\": true means every saga, so nothing else may narrow the choice; leave one of the two out");
    }
  }

  static SagaOperations.Target target(@Nullable String step, @Nullable Integer item) {
    if (step == null || step.isBlank()) {
      throw new IllegalArgumentException("targetStep must name the step that is decided about");
    }
    DeadLetterRequest.text("targetStep", step);
    return new SagaOperations.Target(step, item == null ? 0 : item);
  }
}
