package dev.evenkeel.saga;

import java.time.Duration;

/**
 * Locks that a saga holds from one step to another, so that nobody builds on what may still be
 * undone. They lie on the shard of the step and commit with it, so the same name and key on two
 * shards are two locks.
 *
 * <p>Called by the code of a step, or of a participant's handler that runs in the saga's own
 * process, on the thread of its transaction. A saga takes a lock that it has already once more: a
 * lock that several steps or items have taken is free when the last of them has let go. Nothing is
 * free because its time is over: then another saga takes it only if its holder has ended, and can't
 * be turned back by a parent any more. What a saga has not released goes with it. Thread-safe.
 */
public interface SagaLocks {

  /** Longest wait where none is said. */
  Duration DEFAULT_WAIT = Duration.ofSeconds(30);

  /** As {@link #acquire(String, String, LockMode, Duration, Duration)}, with the default wait. */
  default void acquire(String name, String key, LockMode mode, Duration ttl) {
    acquire(name, key, mode, ttl, DEFAULT_WAIT);
  }

  /**
   * Takes a lock for the saga, with the commit of this step.
   *
   * @param name what is locked, such as {@code customer}; not blank
   * @param key which one; not blank
   * @param mode what happens when another saga has it
   * @param ttl after which it may be taken from a saga that has ended, above zero and at most 3,650
   *     days
   * @param maxWait with {@link LockMode#WAIT}: how long to wait in all, attempts and nodes
   *     together; zero or more
   * @throws SagaLockedException if another saga has it; to be let through
   * @throws IllegalStateException outside the transaction of a step, in a compensation, and in a
   *     retriable step, which could not turn back
   */
  void acquire(String name, String key, LockMode mode, Duration ttl, Duration maxWait);

  /**
   * Lets go, with the commit of this step: in a compensation of what the step itself had taken, in
   * any other step of all that the saga has of it. Nothing happens if the saga does not have it.
   *
   * @throws IllegalStateException outside the transaction of a step
   */
  void release(String name, String key);

  /** Locks of whichever step runs on the calling thread. */
  static SagaLocks ofCurrentStep() {
    return new StepLocks();
  }
}
