package dev.evenkeel.saga;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Starts, signals and observes sagas. Thread-safe. */
public interface Sagas {

  /**
   * Starts the saga of the command's class, in its newest version that this process has. Call it in
   * a transaction on the home shard: the start commits with the caller's changes, and work begins
   * after the commit. A key that was started before gives that first instance, while it exists and
   * for the key's retention after it.
   *
   * @throws SagaException outside a transaction, or in one on another slot than the home slot;
   *     names both
   * @throws UnknownSagaException if no saga, or several, take the command's class
   * @throws SagaPayloadException if the command can't be written or is larger than 256 KiB
   */
  StartedSaga start(Object command);

  /** {@link #start(Object)} by the saga's name, for a command that several sagas take. */
  StartedSaga start(String saga, Object command);

  /**
   * Stores an event for a saga that awaits it, now or later, or is not even started. Joins the
   * transaction if one is active on the home slot, which must be the only one; else it has one of
   * its own. An event that nobody has awaited counts once, in the order of arrival.
   *
   * @throws UnknownSagaException if no such saga is known here, or none of its steps awaits the
   *     event's class
   * @throws SagaStateException if the instance has ended
   */
  SignalResult signal(SagaRef saga, Object event);

  /**
   * {@link #signal(SagaRef, Object)} by id.
   *
   * @throws UnknownSagaException if there is no such instance
   */
  SignalResult signal(UUID sagaId, Object event);

  /**
   * Asks a saga to turn back. Stored like a signal; without effect when the pivot has happened by
   * the time it is looked at.
   *
   * @param reason for people
   * @throws UnknownSagaException if there is no such instance
   * @throws SagaStateException if it has ended, turns back already, or is known to be past its
   *     pivot
   */
  SignalResult cancel(SagaRef saga, String reason);

  /** {@link #cancel(SagaRef, String)} by id. */
  SignalResult cancel(UUID sagaId, String reason);

  /** Finds an instance by its key; empty when it is not started or was deleted. */
  Optional<SagaStatus> find(SagaRef saga);

  /** An instance by its id; empty when there is none or it was deleted. */
  Optional<SagaStatus> status(UUID sagaId);

  /**
   * What happened so far: every transition and attempt, oldest first, 500 lines at most, of which
   * the first and the last are kept.
   *
   * @throws UnknownSagaException if there is no such instance
   */
  List<SagaHistoryEntry> history(UUID sagaId);
}
