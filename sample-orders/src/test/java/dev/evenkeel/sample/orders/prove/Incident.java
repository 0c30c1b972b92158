package dev.evenkeel.sample.orders.prove;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A fault as it happened.
 *
 * @param begun since the run began
 * @param ended when it was taken back; for a process that was replaced: when the next one was ready
 * @param sagas that the process had under way when it was killed or stood still; those of all
 *     processes at home in a database that crashed
 * @param takenOver from the kill until nothing was the dead process's own any more
 * @param recovered from its beginning until, everywhere it reaches, something that was acknowledged
 *     later had its effect; null when that did not happen, or nothing was asked for any more
 */
record Incident(
    int round,
    Mode mode,
    Fault fault,
    String target,
    Duration begun,
    Duration ended,
    long sagas,
    @Nullable Duration takenOver,
    @Nullable Duration recovered) {

  Incident recovered(@Nullable Duration after) {
    return new Incident(round, mode, fault, target, begun, ended, sagas, takenOver, after);
  }
}
