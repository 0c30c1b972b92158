package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.saga.SagaFailure;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a step works with: the command, its item, results of ancestors. Nothing here depends on
 * timing: another attempt on another node is given the same.
 *
 * @param <C> the command
 */
public interface StepContext<C> {

  /** The instance. */
  UUID sagaId();

  /** The start command. */
  C command();

  /**
   * The item of a {@code forEach} step.
   *
   * @throws IllegalStateException in other steps
   */
  <I> I item(Class<I> type);

  /**
   * The result of an ancestor, or of the step itself in its compensation; null where it returned
   * nothing, its {@code when} was false, or an awaited event did not come.
   *
   * @throws IllegalArgumentException if the step is neither, or a {@code forEach} step
   */
  <R> @Nullable R result(String step, Class<R> type);

  /**
   * The results of a {@code forEach} ancestor, in the order of the items.
   *
   * @throws IllegalArgumentException if the step is no such ancestor
   */
  <R> List<R> results(String step, Class<R> type);

  /**
   * What names the step to services that it calls: the same for every attempt and for the
   * compensation, and another for each item.
   *
   * @throws IllegalStateException where only the step as a whole is meant, as in {@code forEach}
   */
  IdempotencyKey idempotencyKey();

  /** In a compensation, why the saga turned back; null in other steps. */
  @Nullable SagaFailure failure();
}
