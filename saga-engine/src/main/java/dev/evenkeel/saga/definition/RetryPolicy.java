package dev.evenkeel.saga.definition;

import java.time.Duration;
import java.util.List;

/**
 * How a step is repeated.
 *
 * @param maxAttempts before the saga turns back, 1 to 1,000; no limit for compensations and
 *     retriable steps
 * @param backoff wait before the second attempt; doubles with each further one
 * @param maxBackoff longest wait
 * @param refusals exceptions by which the step says no
 */
public record RetryPolicy(
    int maxAttempts,
    Duration backoff,
    Duration maxBackoff,
    List<Class<? extends Throwable>> refusals) {

  /** 5 attempts, 0.2 s doubling to 1 min, no refusals. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(5, Duration.ofMillis(200), Duration.ofMinutes(1), List.of());

  public RetryPolicy {
    refusals = List.copyOf(refusals);
  }

  /** Whether the step says no by it. */
  public boolean isRefusal(Throwable failure) {
    return refusals.stream().anyMatch(refusal -> refusal.isInstance(failure));
  }

  /**
   * Wait after a failed attempt, without jitter.
   *
   * @param attempt the one that failed, from 1
   */
  public Duration backoffAfter(int attempt) {
    long most = maxBackoff.toNanos();
    long wait = backoff.toNanos();
    for (int i = 1; i < attempt && wait < most; i++) {
      wait *= 2;
    }
    return Duration.ofNanos(Math.min(wait, most));
  }
}
