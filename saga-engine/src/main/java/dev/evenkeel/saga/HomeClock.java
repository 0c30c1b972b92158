package dev.evenkeel.saga;

import dev.evenkeel.outbox.TimeSource;
import java.time.Duration;
import java.time.Instant;

/**
 * A home shard's clock between two looks at it: what it said at the last renewal of the lease, and
 * what has passed here since.
 */
final class HomeClock {

  /** How long a step may still commit after the last renewal; rows are kept for longer. */
  private static final Duration STEP_WINDOW = Duration.ofHours(1);

  private record Reading(Instant clock, long nanos) {}

  private final TimeSource time;
  private volatile Reading last = new Reading(Instant.now(), System.nanoTime());

  HomeClock(TimeSource time) {
    this.time = time;
  }

  void read(Instant clock) {
    last = new Reading(clock, System.nanoTime());
  }

  /** Now, with what virtual time is ahead. */
  Instant now() {
    Reading reading = last;
    return reading.clock().plusNanos(System.nanoTime() - reading.nanos()).plus(time.offset());
  }

  /** Until when this node's steps may commit: not moved by a node that stands still. */
  Instant notAfter() {
    return last.clock().plus(STEP_WINDOW);
  }

  /** How far virtual time is ahead. */
  Duration ahead() {
    return time.offset();
  }
}
