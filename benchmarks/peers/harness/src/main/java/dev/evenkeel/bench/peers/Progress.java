package dev.evenkeel.bench.peers;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** How far the orders have come; each counts once, however often it is handed over. Thread-safe. */
final class Progress implements Deliveries {

  /** More than any machine writes in the longest run. */
  private static final int MOST_ORDERS = 64_000_000;

  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(1);

  /** No reading of the clock. */
  private static final long NONE = Long.MIN_VALUE;

  private final AtomicLongArray seen = new AtomicLongArray(MOST_ORDERS / Long.SIZE + 1);
  private final AtomicLong handled = new AtomicLong();
  private final AtomicLongArray committing;
  private final Histogram delays = new ConcurrentHistogram(3);
  private volatile long lastAt;

  /**
   * Begins at nothing.
   *
   * @param timed orders from 0 whose way from {@link #committing} is measured
   */
  Progress(int timed) {
    committing = new AtomicLongArray(timed);
    for (int order = 0; order < timed; order++) {
      committing.setPlain(order, NONE);
    }
  }

  void committing(long order) {
    committing.set((int) order, System.nanoTime());
  }

  @Override
  public void delivered(long order) {
    if (order < committing.length()) {
      long now = System.nanoTime();
      long since = committing.getAndSet((int) order, NONE);
      if (since != NONE) {
        delays.recordValue(Math.max(0, now - since));
      }
    }
  }

  @Override
  public void handled(long order) {
    delivered(order);
    long now = System.nanoTime();
    long bit = 1L << order; // shifts by the low six bits
    if ((seen.getAndAccumulate((int) (order / Long.SIZE), bit, (before, one) -> before | one) & bit)
        != 0) {
      return;
    }
    lastAt = now;
    handled.incrementAndGet();
  }

  long count() {
    return handled.get();
  }

  /** When the last order was handled, by {@link System#nanoTime()}. */
  long lastAt() {
    return lastAt;
  }

  /** Nanoseconds, so far. */
  Histogram delays() {
    return delays.copy();
  }

  /**
   * Waits until so many orders are handled.
   *
   * @throws IllegalStateException when for a minute none has been
   */
  void await(long orders) {
    long last = -1;
    long deadline = 0;
    for (long now = handled.get(); now < orders; now = handled.get()) {
      if (now != last) {
        last = now;
        deadline = System.nanoTime() + LONGEST_SILENCE.toNanos();
      } else if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "%d of %d orders were handled, then none for %s"
                .formatted(now, orders, LONGEST_SILENCE));
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }
}
