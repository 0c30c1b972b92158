package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.StepKind;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A saga as the engine runs it: checked as a whole, immutable, thread-safe. Made by {@link
 * SagaBuilder}.
 */
public final class SagaDefinition {

  private final String name;
  private final int version;
  private final Class<?> commandType;
  private final Function<Object, @Nullable String> key;
  private final Function<Object, @Nullable String> shardKey;
  private final String shardStrategy;
  private final @Nullable Duration deadline;
  private final Map<String, StepDefinition> steps = new LinkedHashMap<>();
  private final @Nullable ActionStep pivot;

  /**
   * Makes a definition of checked parts.
   *
   * @param steps in topological order
   */
  SagaDefinition(
      String name,
      int version,
      Class<?> commandType,
      Function<Object, @Nullable String> key,
      Function<Object, @Nullable String> shardKey,
      String shardStrategy,
      @Nullable Duration deadline,
      List<StepDefinition> steps) {
    this.name = name;
    this.version = version;
    this.commandType = commandType;
    this.key = key;
    this.shardKey = shardKey;
    this.shardStrategy = shardStrategy;
    this.deadline = deadline;
    ActionStep found = null;
    for (StepDefinition step : steps) {
      this.steps.put(step.name(), step);
      if (step instanceof ActionStep action && action.kind() == StepKind.PIVOT) {
        found = action;
      }
    }
    this.pivot = found;
  }

  /** Stable for ever. */
  public String name() {
    return name;
  }

  /** From 1. */
  public int version() {
    return version;
  }

  /** Class of the start command. */
  public Class<?> commandType() {
    return commandType;
  }

  /** Text of the instance's key; null or blank when the command has none. */
  public @Nullable String key(Object command) {
    return key.apply(command);
  }

  /** Text of the home shard's key; null or blank when the command has none. */
  public @Nullable String shardKey(Object command) {
    return shardKey.apply(command);
  }

  /** Turns the shard key into the home slot. */
  public String shardStrategy() {
    return shardStrategy;
  }

  /** From the start; null for none. */
  public @Nullable Duration deadline() {
    return deadline;
  }

  /** In topological order: each after all of its ancestors. */
  public List<StepDefinition> steps() {
    return List.copyOf(steps.values());
  }

  /** The pivot; null when there is none. */
  public @Nullable ActionStep pivot() {
    return pivot;
  }

  /** The step of that name; null when there is none. */
  public @Nullable StepDefinition find(String step) {
    return steps.get(step);
  }

  /**
   * The step of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public StepDefinition step(String step) {
    StepDefinition found = steps.get(step);
    if (found == null) {
      throw new IllegalArgumentException("%s has no step \"%s\"".formatted(this, step));
    }
    return found;
  }

  @Override
  public String toString() {
    return name + " v" + version;
  }
}
