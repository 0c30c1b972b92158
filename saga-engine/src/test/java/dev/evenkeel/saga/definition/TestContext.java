package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.saga.SagaFailure;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a step works with, given by a test. */
record TestContext(
    Object command,
    @Nullable Object item,
    Map<String, Object> results,
    @Nullable SagaFailure failure)
    implements StepContext<Object> {

  static TestContext of(Object command) {
    return new TestContext(command, null, Map.of(), null);
  }

  @Override
  public UUID sagaId() {
    return new UUID(0, 1);
  }

  @Override
  public IdempotencyKey idempotencyKey() {
    return new IdempotencyKey(sagaId() + ":step:0");
  }

  @Override
  public <I> I item(Class<I> type) {
    return type.cast(item);
  }

  @Override
  public <R> @Nullable R result(String step, Class<R> type) {
    return type.cast(results.get(step));
  }

  @Override
  public <R> List<R> results(String step, Class<R> type) {
    return ((List<?>) results.get(step)).stream().<R>map(type::cast).toList();
  }
}
