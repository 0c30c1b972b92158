package dev.evenkeel.bench;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** Waits for what other threads and processes do. */
final class Waiting {

  private static final long LOOK_MILLIS = 5;

  private Waiting() {}

  /**
   * Waits until the condition holds.
   *
   * @throws IllegalStateException with what {@code otherwise} says, when it does not in time
   */
  static void until(Duration longest, Callable<Boolean> condition, Supplier<String> otherwise)
      throws Exception {
    long deadline = System.nanoTime() + longest.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(otherwise.get());
      }
      Thread.sleep(LOOK_MILLIS);
    }
  }
}
