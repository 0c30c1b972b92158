package dev.evenkeel.shard.guard;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Lets the same warning through once per interval. Remembers at most so many; while all of them are
 * younger than the interval, new ones are not let through, so that memory and log are both bounded.
 * Thread-safe.
 */
final class WarningThrottle {

  private final int capacity;
  private final long intervalNanos;
  private final LongSupplier nanoTime;

  /** When each warning was let through last, oldest first. */
  private final Map<String, Long> admittedAt = new LinkedHashMap<>();

  WarningThrottle(int capacity, Duration interval, LongSupplier nanoTime) {
    this.capacity = capacity;
    this.intervalNanos = interval.toNanos();
    this.nanoTime = nanoTime;
  }

  synchronized boolean admits(String warning) {
    long now = nanoTime.getAsLong();
    Long last = admittedAt.get(warning);
    if (last != null && now - last < intervalNanos) {
      return false;
    }
    if (last == null && admittedAt.size() >= capacity && !forgetOldest(now)) {
      return false;
    }
    admittedAt.remove(warning); // to become the youngest
    admittedAt.put(warning, now);
    return true;
  }

  private boolean forgetOldest(long now) {
    Iterator<Long> oldest = admittedAt.values().iterator();
    if (now - oldest.next() < intervalNanos) {
      return false;
    }
    oldest.remove();
    return true;
  }
}
