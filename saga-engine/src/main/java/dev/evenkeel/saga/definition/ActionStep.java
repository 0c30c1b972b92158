package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.StepKind;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A step that does something.
 *
 * @param name unique in its saga
 * @param after steps it comes after
 * @param ancestors all steps that are done before it
 * @param kind relative to the pivot
 * @param execution who carries it out
 * @param resultType what it returns; {@code Void} for nothing
 * @param wanted on the command
 * @param forEach the items; null for a single step
 * @param shardKey text of the key of its transaction; null for the home slot, and where somebody
 *     else carries it out
 * @param shardStrategy turns the key into a slot
 * @param action what it does; makes the command where somebody else carries it out
 * @param compensation what undoes it, {@link #DELEGATED} where that is who carries it out; null for
 *     nothing to undo
 * @param retry how it is repeated
 * @param timeout longest time for one attempt
 */
public record ActionStep(
    String name,
    List<String> after,
    Set<String> ancestors,
    StepKind kind,
    Execution execution,
    Class<?> resultType,
    Predicate<Object> wanted,
    @Nullable Reader<Collection<?>> forEach,
    @Nullable Reader<String> shardKey,
    String shardStrategy,
    Call action,
    @Nullable Call compensation,
    RetryPolicy retry,
    Duration timeout)
    implements StepDefinition {

  /** Stands for the compensation that a participant or a child saga has itself. */
  static final Call DELEGATED =
      context -> {
        throw new IllegalStateException("Whoever carries the step out undoes it");
      };

  public ActionStep {
    after = List.copyOf(after);
    ancestors = Set.copyOf(ancestors);
  }

  /**
   * Calls the application's code.
   *
   * @see StepContext
   */
  @FunctionalInterface
  public interface Call {
    @Nullable Object call(StepContext<Object> context) throws Exception;
  }

  /**
   * Reads something from what a step works with.
   *
   * @param <T> what
   */
  @FunctionalInterface
  public interface Reader<T> {

    /** Null when the value, or what leads to it, is null. */
    @Nullable T read(StepContext<Object> context);
  }

  @Override
  public boolean isWanted(Object command) {
    return wanted.test(command);
  }

  /** The participant that carries it out; null where it is none. */
  public @Nullable String participant() {
    return execution instanceof Execution.Participant participant ? participant.name() : null;
  }

  /** Whether it is a saga of its own. */
  public boolean isChild() {
    return execution instanceof Execution.Child;
  }

  /** Whether it runs outside a transaction. */
  public boolean isExternal() {
    return execution == Execution.OwnCode.EXTERNAL;
  }

  /** Whether it runs once for each item. */
  public boolean isForEach() {
    return forEach != null;
  }
}
