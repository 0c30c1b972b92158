package dev.evenkeel.saga;

import java.time.Duration;

/** The locks of the step that runs on the calling thread. */
final class StepLocks implements SagaLocks {

  private static final Duration LONGEST = Duration.ofDays(3_650);

  @Override
  public void acquire(String name, String key, LockMode mode, Duration ttl, Duration maxWait) {
    requireText("name", name);
    requireText("key", key);
    if (ttl.isZero() || ttl.isNegative() || ttl.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "ttl of a lock must be above zero and at most %s, was %s".formatted(LONGEST, ttl));
    }
    if (maxWait.isNegative() || maxWait.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "maxWait of a lock must be between zero and %s, was %s".formatted(LONGEST, maxWait));
    }
    LockingStep.current().acquire(name, key, mode, ttl, maxWait);
  }

  @Override
  public void release(String name, String key) {
    LockingStep.current().release(name, key);
  }

  private static void requireText(String what, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException("%s of a lock must not be blank".formatted(what));
    }
  }
}
