package dev.evenkeel.relay;

import dev.evenkeel.outbox.Checks;
import java.time.Duration;

/**
 * How often a polling relay looks into the outbox. After a look that found something the pause is
 * the shortest; then the pauses double up to the longest. An append of the same process ends a
 * pause, after the shortest.
 *
 * @param minInterval shortest pause, 1 ms to 1 s; default 10 ms
 * @param maxInterval longest pause, from the shortest to 10 s; default 500 ms
 */
public record PollingOptions(Duration minInterval, Duration maxInterval) {

  public PollingOptions {
    Checks.range(
        "evenkeel.relay.polling.min-interval",
        minInterval,
        Duration.ofMillis(1),
        Duration.ofSeconds(1));
    Checks.range(
        "evenkeel.relay.polling.max-interval", maxInterval, minInterval, Duration.ofSeconds(10));
  }

  /** 10 ms to 500 ms. */
  public static PollingOptions defaults() {
    return new PollingOptions(Duration.ofMillis(10), Duration.ofMillis(500));
  }
}
