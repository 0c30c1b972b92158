package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.StepKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
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
  private final int codeVersion;
  private final List<SagaDefinition> earlier;

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
    this(
        name,
        version,
        commandType,
        key,
        shardKey,
        shardStrategy,
        deadline,
        steps,
        version,
        List.of());
  }

  private SagaDefinition(
      String name,
      int version,
      Class<?> commandType,
      Function<Object, @Nullable String> key,
      Function<Object, @Nullable String> shardKey,
      String shardStrategy,
      @Nullable Duration deadline,
      Collection<StepDefinition> steps,
      int codeVersion,
      List<SagaDefinition> earlier) {
    this.codeVersion = codeVersion;
    this.earlier = earlier;
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

  /** The same, and also what an earlier version's instances go on with. */
  SagaDefinition continuing(int of, List<StepDefinition> as) {
    List<SagaDefinition> more = new ArrayList<>(earlier);
    more.add(copy(of, as, List.of()));
    return copy(version, steps.values(), List.copyOf(more));
  }

  private SagaDefinition copy(
      int of, Collection<StepDefinition> as, List<SagaDefinition> continued) {
    return new SagaDefinition(
        name, of, commandType, key, shardKey, shardStrategy, deadline, as, codeVersion, continued);
  }

  /** Stable for ever. */
  public String name() {
    return name;
  }

  /** From 1. */
  public int version() {
    return version;
  }

  /**
   * The version whose code it runs: its own, or the later one that goes on with its instances and
   * starts none of them.
   */
  public int codeVersion() {
    return codeVersion;
  }

  /** What instances of earlier versions go on with, as {@link SagaBuilder#continues} says. */
  public List<SagaDefinition> earlier() {
    return earlier;
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
