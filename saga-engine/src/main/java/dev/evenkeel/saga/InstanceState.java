package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * All that the coordinator decides by. Immutable.
 *
 * @param definition of the instance's version
 * @param id of the instance
 * @param command decoded
 * @param createdAt by the home shard's clock
 * @param deadlineAt null for none
 * @param phase where it stands
 * @param forwardOnly whether the pivot was found done
 * @param failure why it turned back; null when it did not
 * @param localParticipants pinned at the start: their commands are carried out in this process
 * @param steps what is known of each step; absent for nothing
 * @param signals stored and not yet taken, oldest first
 * @param decided by operators about steps, and not yet carried out
 */
record InstanceState(
    SagaDefinition definition,
    UUID id,
    Object command,
    Instant createdAt,
    @Nullable Instant deadlineAt,
    SagaState phase,
    boolean forwardOnly,
    @Nullable SagaFailure failure,
    Set<String> localParticipants,
    Map<StepKey, StepState> steps,
    List<Signal> signals,
    Map<StepKey, SagaNews.Decided> decided) {

  /** Most items of a {@code forEach} step. */
  static final int MAX_ITEMS = 1_000;

  /**
   * A stored event.
   *
   * @param position in the order of arrival
   * @param type logical name
   * @param payload as stored
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Signal(long position, String type, byte[] payload) {}

  /** What a step needs can't be computed. */
  static final class InputException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    InputException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** One about which no operator has decided anything. */
  InstanceState(
      SagaDefinition definition,
      UUID id,
      Object command,
      Instant createdAt,
      @Nullable Instant deadlineAt,
      SagaState phase,
      boolean forwardOnly,
      @Nullable SagaFailure failure,
      Set<String> localParticipants,
      Map<StepKey, StepState> steps,
      List<Signal> signals) {
    this(
        definition,
        id,
        command,
        createdAt,
        deadlineAt,
        phase,
        forwardOnly,
        failure,
        localParticipants,
        steps,
        signals,
        Map.of());
  }

  StepState step(StepKey key) {
    return steps.getOrDefault(key, StepState.UNTOUCHED);
  }

  /** The only way to change the phase. */
  InstanceState enter(SagaState next, boolean isForwardOnly, @Nullable SagaFailure why) {
    if (SagaTransition.between(phase, next).isEmpty()) {
      throw new IllegalStateException("Saga %s can't go from %s to %s".formatted(id, phase, next));
    }
    Map<StepKey, StepState> turned = new HashMap<>();
    steps.forEach((key, state) -> turned.put(key, state.turned()));
    return new InstanceState(
        definition,
        id,
        command,
        createdAt,
        deadlineAt,
        next,
        isForwardOnly,
        why,
        localParticipants,
        turned,
        signals,
        decided);
  }

  InstanceState with(Map<StepKey, StepState> changed) {
    return new InstanceState(
        definition,
        id,
        command,
        createdAt,
        deadlineAt,
        phase,
        forwardOnly,
        failure,
        localParticipants,
        changed,
        signals,
        decided);
  }

  InstanceState withSignals(List<Signal> changed) {
    return new InstanceState(
        definition,
        id,
        command,
        createdAt,
        deadlineAt,
        phase,
        forwardOnly,
        failure,
        localParticipants,
        steps,
        List.copyOf(changed),
        decided);
  }

  InstanceState withDecided(Map<StepKey, SagaNews.Decided> changed) {
    return new InstanceState(
        definition,
        id,
        command,
        createdAt,
        deadlineAt,
        phase,
        forwardOnly,
        failure,
        localParticipants,
        steps,
        signals,
        Map.copyOf(changed));
  }

  /**
   * How often a step runs.
   *
   * @throws InputException if its collection can't be read
   */
  int itemCount(ActionStep step) {
    return step.forEach() == null ? 1 : items(step).size();
  }

  /**
   * The items of a {@code forEach} step, once all its ancestors are done.
   *
   * @throws InputException if the collection can't be read
   */
  List<Object> items(ActionStep step) {
    ActionStep.Reader<@Nullable Collection<?>> forEach = step.forEach();
    if (forEach == null) {
      throw new IllegalStateException(step.name() + " is no forEach step");
    }
    Collection<?> items;
    try {
      items = forEach.read(new StepInput(this, step, null, null));
    } catch (RuntimeException e) {
      throw new InputException(
          "forEach of step \"%s\" can't be read: %s".formatted(step.name(), e.getMessage()), e);
    }
    if (items == null && isBelowUnwanted(step)) {
      return List.of();
    }
    if (items == null || items.size() > MAX_ITEMS) {
      throw new InputException(
          "forEach of step \"%s\" must have at most %d items, %s"
              .formatted(
                  step.name(), MAX_ITEMS, items == null ? "was null" : "has " + items.size()),
          null);
    }
    return new ArrayList<>(items);
  }

  /** The items may be those of a step that was left out. */
  private boolean isBelowUnwanted(ActionStep step) {
    return step.ancestors().stream().anyMatch(name -> !definition.step(name).isWanted(command));
  }

  /** Whether the pivot is known to have happened. */
  boolean isPastPivot() {
    ActionStep pivot = definition.pivot();
    if (forwardOnly) {
      return true;
    }
    if (pivot == null) {
      return false;
    }
    Outcome outcome = step(new StepKey(pivot.name(), 0)).outcome();
    return outcome != null && outcome.lets();
  }

  /** What keeps the instance; null when nothing does. */
  @Nullable String trouble() {
    String step = troubledStep();
    return step == null
        ? null
        : steps.entrySet().stream()
            .filter(e -> e.getKey().step().equals(step) && e.getValue().trouble() != null)
            .min(java.util.Comparator.comparing(e -> e.getKey().item()))
            .map(e -> e.getValue().trouble())
            .orElse(null);
  }

  /** The first step that keeps the instance; null when none does. */
  @Nullable String troubledStep() {
    for (StepDefinition step : definition.steps()) {
      for (Map.Entry<StepKey, StepState> entry : steps.entrySet()) {
        if (entry.getKey().step().equals(step.name()) && entry.getValue().trouble() != null) {
          return step.name();
        }
      }
    }
    return null;
  }

  /** Whether a step's command travels as a message, to a participant or a child saga. */
  boolean isRemote(StepDefinition step) {
    return step instanceof ActionStep action
        && (action.isChild()
            || (action.participant() != null && !localParticipants.contains(action.participant())));
  }

  /** Whether anything is under way. */
  boolean isWorking() {
    return steps.values().stream().anyMatch(s -> s.work() != StepState.Work.NONE);
  }
}
