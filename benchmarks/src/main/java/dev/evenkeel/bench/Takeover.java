package dev.evenkeel.bench;

import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/**
 * A leader's end.
 *
 * @param victim the node that was killed or stopped
 * @param at {@link Attempt#now()} just before
 * @param firstAfter the lowest number of an event whose transaction began after
 */
record Takeover(String victim, long at, long firstAfter) {

  /** Seconds until another node delivers an event that was committed after; empty when none did. */
  OptionalDouble seconds(List<Attempt> attempts) {
    return attempts.stream()
        .filter(attempt -> attempt.number() >= firstAfter && !attempt.node().equals(victim))
        .mapToDouble(attempt -> (attempt.at() - at) / (double) TimeUnit.SECONDS.toMicros(1))
        .min();
  }
}
