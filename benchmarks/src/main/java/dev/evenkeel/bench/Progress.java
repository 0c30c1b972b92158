package dev.evenkeel.bench;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * How far the orders of one measurement have come. Orders are numbered from 0; each counts once,
 * however often it is delivered. Thread-safe.
 */
final class Progress {

  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(1);

  private final AtomicLongArray delivered;
  private final AtomicLongArray committing;
  private final AtomicLong handled = new AtomicLong();
  private final Histogram delays = new ConcurrentHistogram(3);
  private final long firstMeasured;
  private volatile long firstAt;
  private volatile long lastAt;

  private Progress(int orders, boolean withDelays, int firstMeasured) {
    this.delivered = new AtomicLongArray(orders / Long.SIZE + 1);
    this.committing = new AtomicLongArray(withDelays ? orders : 0);
    this.firstMeasured = firstMeasured;
  }

  /**
   * Counts only.
   *
   * @param orders more than will be written
   */
  static Progress counting(int orders) {
    return new Progress(orders, false, 0);
  }

  /**
   * Measures each order's way from {@link #committing} to {@link #delivered} as well.
   *
   * @param orders how many will be written
   * @param firstMeasured those before are warm-up
   */
  static Progress timing(int orders, int firstMeasured) {
    return new Progress(orders, true, firstMeasured);
  }

  /** The order's transaction is about to commit. */
  void committing(long order) {
    committing.set((int) order, System.nanoTime());
  }

  /**
   * The order's event is in the handler's hands.
   *
   * @return whether for the first time
   */
  boolean delivered(long order) {
    long now = System.nanoTime();
    if (!markDelivered(order)) {
      return false;
    }
    if (committing.length() > 0 && order >= firstMeasured) {
      delays.recordValue(Math.max(0, now - committing.get((int) order)));
    }
    return true;
  }

  /** An order's handler is done, its effects durable. */
  void handled() {
    long now = System.nanoTime();
    if (handled.incrementAndGet() == 1) {
      firstAt = now;
    }
    lastAt = now;
  }

  /** Both at once, for handlers without effects. */
  void deliveredAndHandled(long order) {
    if (delivered(order)) {
      handled();
    }
  }

  private boolean markDelivered(long order) {
    int word = (int) (order / Long.SIZE);
    long bit = 1L << order; // shifts by the low six bits
    while (true) {
      long before = delivered.get(word);
      if ((before & bit) != 0) {
        return false;
      }
      if (delivered.compareAndSet(word, before, before | bit)) {
        return true;
      }
    }
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

  /** When the first order was handled, by {@link System#nanoTime()}. */
  long firstAt() {
    return firstAt;
  }

  /** When the last order was handled, by {@link System#nanoTime()}. */
  long lastAt() {
    return lastAt;
  }

  /** Nanoseconds from commit to handler. */
  Histogram delays() {
    return delays.copy();
  }
}
