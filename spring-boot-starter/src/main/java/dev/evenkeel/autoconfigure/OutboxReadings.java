package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayStatus;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What health, meters and the endpoint show of one installation. Thread-safe. */
final class OutboxReadings {

  private static final Duration KEEP = Duration.ofSeconds(3);

  private final String installation;
  private final @Nullable RelayLifecycle relay;
  private final Cached<RelayStatus.Lag> lag;
  private final Cached<ParkedMessages.Counts> counts;

  /**
   * Makes the readings.
   *
   * @param relay null where this process does not relay
   */
  OutboxReadings(String installation, @Nullable RelayLifecycle relay, ParkedMessages parked) {
    this.installation = installation;
    this.relay = relay;
    this.lag = new Cached<>(KEEP, () -> relay == null ? null : relay.lag(installation));
    this.counts = new Cached<>(KEEP, parked::counts);
  }

  /** Name of the installation. */
  String installation() {
    return installation;
  }

  /** The relay of this process; null when it has none. */
  @Nullable RelayStatus status() {
    return relay == null ? null : relay.statuses().get(installation);
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
