package dev.evenkeel.sample.orders.prove;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Time that passes: how long faults last, and how fast clients are. Nobody waits for anything so.
 */
final class Pause {

  private Pause() {}

  /** Lets so much pass, and never less. */
  static void of(Duration length) {
    long until = System.nanoTime() + length.toNanos();
    for (long left = length.toNanos(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.currentThread().isInterrupted()) {
        throw new IllegalStateException("The run is over");
      }
    }
  }

  /** Lets up to so much pass. */
  static void upTo(Duration longest, Random random) {
    of(Duration.ofMillis(random.nextInt((int) longest.toMillis())));
  }
}
