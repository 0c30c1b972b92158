package dev.evenkeel.bench;

import java.util.concurrent.TimeUnit;

/** Counts per time. */
final class Rate {

  private Rate() {}

  /** Of two readings of {@link System#nanoTime()}. */
  static double perSecond(long count, long from, long to) {
    return count * (double) TimeUnit.SECONDS.toNanos(1) / (to - from);
  }
}
