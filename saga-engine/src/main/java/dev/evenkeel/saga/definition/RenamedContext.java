package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.saga.SagaFailure;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a step of an earlier version works with, for code that knows the present names.
 *
 * @param names the former ones by the present; null for a step that is not there, whose result is
 *     as that of one that was left out
 */
record RenamedContext(StepContext<Object> context, Map<String, @Nullable String> names)
    implements StepContext<Object> {

  @Override
  public UUID sagaId() {
    return context.sagaId();
  }

  @Override
  public Object command() {
    return context.command();
  }

  @Override
  public <I> I item(Class<I> type) {
    return context.item(type);
  }

  @Override
  public <R> @Nullable R result(String step, Class<R> type) {
    return isNotThere(step) ? null : context.result(former(step), type);
  }

  @Override
  public <R> List<R> results(String step, Class<R> type) {
    return isNotThere(step) ? List.of() : context.results(former(step), type);
  }

  private boolean isNotThere(String step) {
    return names.containsKey(step) && names.get(step) == null;
  }

  /** What is no step keeps its name, so that the error names it. */
  private String former(String step) {
    return Objects.requireNonNullElse(names.get(step), step);
  }

  /** That of the instance's own version: a service may know it already. */
  @Override
  public IdempotencyKey idempotencyKey() {
    return context.idempotencyKey();
  }

  /** Names the step as the code knows it. */
  @Override
  public @Nullable SagaFailure failure() {
    SagaFailure failure = context.failure();
    if (failure == null || failure.step() == null) {
      return failure;
    }
    String step =
        names.entrySet().stream()
            .filter(name -> failure.step().equals(name.getValue()))
            .map(Map.Entry::getKey)
            .findFirst()
            .orElse(failure.step());
    return new SagaFailure(failure.reason(), step, failure.type(), failure.message());
  }
}
