package dev.evenkeel.saga;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What people do about sagas: search, and decide where a saga can't help itself. Thread-safe.
 *
 * <p>A decision is stored with who and why, in a transaction of its own on the instance's home
 * shard, and carried out by the instance's owner, now or after a takeover, once. It is refused with
 * an exception when it makes no sense in the instance's state; when the state changes between the
 * decision and its execution, the decision has no effect, and the history shows what happened.
 *
 * <p>{@code by} says who decides, and {@code because} why; neither may be blank, and both are
 * stored, cut off after 1,000 characters.
 */
public interface SagaOperations {

  /** Most instances that one call examines on each home shard before it stops. */
  int MOST_EXAMINED = 10_000;

  /** Most instances on a page. */
  int LARGEST_PAGE = 1_000;

  /**
   * Which step, and item of it.
   *
   * @param step name
   * @param item of a {@code forEach} step, from 0; else 0
   */
  record Target(String step, int item) {

    /** A step that is no {@code forEach} step. */
    public static Target of(String step) {
      return new Target(step, 0);
    }
  }

  /**
   * Finds instances, those started last first, on all home shards.
   *
   * @param limit most on the page, 1 to {@value #LARGEST_PAGE}
   * @param after {@link SagaPage#next()} of the page before; null for the first
   * @throws IllegalArgumentException if limit or after is none
   */
  SagaPage search(SagaFilter filter, int limit, @Nullable String after);

  /**
   * What operators did to an instance, oldest first.
   *
   * @throws UnknownSagaException if there is no such instance
   */
  List<SagaAction> actions(UUID sagaId);

  /**
   * Has an instance try at once what waits: for its next attempt, for an answer, or for a shard.
   *
   * @throws UnknownSagaException if there is no such instance
   * @throws SagaStateException if it has ended
   */
  void retryNow(UUID sagaId, String by, String because);

  /**
   * Has an instance go on without a step, which is never compensated. If the step takes effect
   * first, that counts, and the decision has no effect. A step of a participant elsewhere that was
   * asked is fenced there first; a call that may be under way is waited for. An await counts as
   * come, with the result as its event.
   *
   * @param result what the steps that come after it get, as the codec writes it (JSON by default);
   *     null for null
   * @throws UnknownSagaException if there is no such instance, or its definition has no such step
   * @throws SagaPayloadException if the result can't be read as the step's result class
   * @throws SagaStateException if it has ended or turns back, or the step is known to be done
   */
  void skip(UUID sagaId, Target target, @Nullable String result, String by, String because);

  /**
   * Tells a compensating instance that a step was undone by hand, so that its compensation is not
   * attempted any more.
   *
   * @throws UnknownSagaException if there is no such instance, or its definition has no such step
   * @throws SagaStateException if it is not compensating, or the step has no compensation
   */
  void resolve(UUID sagaId, Target target, String by, String because);

  /**
   * {@link Sagas#cancel(UUID, String)} with who and why.
   *
   * @throws UnknownSagaException if there is no such instance
   * @throws SagaStateException if it has ended, turns back already, or is past its pivot
   */
  void cancel(UUID sagaId, String by, String because);

  /**
   * {@link #retryNow(UUID, String, String)} for up to {@value SagaBatch#MOST} instances, each in a
   * transaction of its own.
   *
   * @param after {@link SagaBatch#next()} of the call before; null for the first
   */
  SagaBatch retryNow(SagaFilter filter, @Nullable String after, String by, String because);

  /** {@link #skip(UUID, Target, String, String, String)} for up to {@value SagaBatch#MOST}. */
  SagaBatch skip(
      SagaFilter filter,
      @Nullable String after,
      Target target,
      @Nullable String result,
      String by,
      String because);

  /** {@link #resolve(UUID, Target, String, String)} for up to {@value SagaBatch#MOST}. */
  SagaBatch resolve(
      SagaFilter filter, @Nullable String after, Target target, String by, String because);

  /** {@link #cancel(UUID, String, String)} for up to {@value SagaBatch#MOST}. */
  SagaBatch cancel(SagaFilter filter, @Nullable String after, String by, String because);
}
