package dev.evenkeel.testing.saga;

import java.util.Collection;
import java.util.List;

/**
 * A saga in its surroundings, as {@link SagaTest} and {@link SagaTestKit} start it. Made anew for
 * each run; what survives a crash of the application, such as the {@link #store()} and doubles of
 * other services, are its fields.
 */
public interface SagaScenario {

  /** The application's tables, filled. The same one at each call. */
  SimulatedStore store();

  /**
   * The saga: a bean with {@code @Saga}, or a {@code SagaDefinition}. A new one at each call, which
   * stands for a new process: what it keeps in fields is lost with it.
   */
  Object saga();

  /**
   * Beans with {@code @SagaParticipant}: the handlers of every participant that the saga asks, or
   * doubles of those that other services have. New ones at each call.
   */
  default List<Object> participants() {
    return List.of();
  }

  /** What the saga is started with; the same at each call. */
  Object command();

  /** Events that the saga is sent, in this order, each when it can't go on without. */
  default List<Object> signals() {
    return List.of();
  }

  /** What is locked or reserved now; must be empty once the saga has ended. */
  default Collection<?> heldLocks() {
    return List.of();
  }

  /**
   * What must hold at the end, whatever happened on the way.
   *
   * @throws AssertionError if it does not
   */
  void invariants(SagaOutcome end);
}
