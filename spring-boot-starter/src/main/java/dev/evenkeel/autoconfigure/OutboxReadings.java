package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayStatus;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What health, meters and the endpoint show. Thread-safe. */
final class OutboxReadings {

  private static final Duration KEEP = Duration.ofSeconds(3);

  private final @Nullable RelayLifecycle relay;
  private final Cached<RelayStatus.Lag> lag;
  private final Cached<ParkedMessages.Counts> counts;

  /**
   * Makes the readings.
   *
   * @param relay null where this process does not relay
   */
  OutboxReadings(@Nullable RelayLifecycle relay, ParkedMessages parked) {
    this.relay = relay;
    this.lag = new Cached<>(KEEP, () -> relay == null ? null : relay.lag());
    this.counts = new Cached<>(KEEP, parked::counts);
  }

  /** The relay of this process; null when it has none. */
  @Nullable RelayStatus status() {
    return relay == null ? null : relay.status();
  }

  /** How far the installation's relay is behind; null when it is not known. */
  RelayStatus.@Nullable Lag lag() {
    return lag.get();
  }

  /** Parked keys and dead letters; null when they are not known. */
  ParkedMessages.@Nullable Counts counts() {
    return counts.get();
  }
}
