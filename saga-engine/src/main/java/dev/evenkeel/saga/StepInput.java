package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.AwaitStep;
import dev.evenkeel.saga.definition.StepContext;
import dev.evenkeel.saga.definition.StepDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What one step of one instance is given. */
final class StepInput implements StepContext<Object> {

  private final InstanceState instance;
  private final StepDefinition step;
  private final @Nullable StepKey key;
  private final @Nullable SagaFailure failure;

  /**
   * Makes it.
   *
   * @param key of the item; null where only the step as a whole is meant
   * @param failure in a compensation
   */
  StepInput(
      InstanceState instance,
      StepDefinition step,
      @Nullable StepKey key,
      @Nullable SagaFailure failure) {
    this.instance = instance;
    this.step = step;
    this.key = key;
    this.failure = failure;
  }

  @Override
  public UUID sagaId() {
    return instance.id();
  }

  @Override
  public Object command() {
    return instance.command();
  }

  @Override
  public <I> I item(Class<I> type) {
    if (key == null || !(step instanceof ActionStep action) || !action.isForEach()) {
      throw new IllegalStateException("Step \"%s\" has no item".formatted(step.name()));
    }
    List<Object> items = instance.items(action);
    if (key.item() >= items.size()) {
      throw new IllegalStateException(
          "Step \"%s\" has %d items, and not number %d"
              .formatted(step.name(), items.size(), key.item()));
    }
    return type.cast(items.get(key.item()));
  }

  @Override
  public <R> @Nullable R result(String name, Class<R> type) {
    boolean own = name.equals(step.name());
    if (own && key != null) {
      return type.cast(instance.step(key).result());
    }
    StepDefinition of = ancestor(name);
    if (of instanceof ActionStep action && action.isForEach()) {
      throw new IllegalArgumentException(
          "Step \"%s\" has one result per item; ask for its results".formatted(name));
    }
    return type.cast(instance.step(new StepKey(name, 0)).result());
  }

  @Override
  public <R> List<R> results(String name, Class<R> type) {
    StepDefinition of = ancestor(name);
    if (of instanceof AwaitStep || !(of instanceof ActionStep action) || !action.isForEach()) {
      throw new IllegalArgumentException(
          "Step \"%s\" is no forEach step and has one result".formatted(name));
    }
    List<R> results = new ArrayList<>();
    if (!action.isWanted(instance.command())) {
      return results;
    }
    int count = instance.itemCount(action);
    for (int item = 0; item < count; item++) {
      R result = type.cast(instance.step(new StepKey(name, item)).result());
      if (result != null) { // an operator may have skipped an item
        results.add(result);
      }
    }
    return results;
  }

  private StepDefinition ancestor(String name) {
    if (!step.ancestors().contains(name)) {
      throw new IllegalArgumentException(
          "Step \"%s\" asks for the result of \"%s\", which is not among its ancestors %s"
              .formatted(step.name(), name, step.ancestors()));
    }
    return instance.definition().step(name);
  }

  @Override
  public IdempotencyKey idempotencyKey() {
    if (key == null) {
      throw new IllegalStateException(
          "Step \"%s\" has a key for each item only".formatted(step.name()));
    }
    return new IdempotencyKey("%s:%s:%d".formatted(instance.id(), key.step(), key.item()));
  }

  @Override
  public @Nullable SagaFailure failure() {
    return failure;
  }
}
