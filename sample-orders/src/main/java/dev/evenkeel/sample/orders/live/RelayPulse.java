package dev.evenkeel.sample.orders.live;

import dev.evenkeel.autoconfigure.RelayLifecycle;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.relay.RelayStatus;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Tells open pages once a second how the relay is. */
@Component
class RelayPulse {

  private final LiveFeed feed;
  private final RelayLifecycle relay;
  private final ParkedMessages parked;

  RelayPulse(LiveFeed feed, RelayLifecycle relay, ParkedMessages parked) {
    this.feed = feed;
    this.relay = relay;
    this.parked = parked;
  }

  /**
   * The relay as the page shows it.
   *
   * @param lag null while the database does not answer
   */
  record Pulse(
      RelayState state,
      long epoch,
      int inFlight,
      long gaps,
      List<String> findings,
      @Nullable Lag lag) {}

  /**
   * What only the database knows.
   *
   * @param retainedBytes WAL that the replication slot keeps, -1 without one
   * @param oldestUnpublishedMillis no unpublished message is older
   */
  record Lag(long retainedBytes, long oldestUnpublishedMillis, long parkedKeys, long dead) {}

  @Scheduled(fixedDelay = 1_000)
  void beat() {
    if (feed.watched()) {
      RelayStatus status = relay.status();
      feed.tellNow(
          "relay",
          new Pulse(
              status.state(),
              status.epoch(),
              status.inFlight(),
              status.gaps(),
              status.findings(),
              lag()));
    }
  }

  private @Nullable Lag lag() {
    try {
      RelayStatus.Lag lag = relay.lag();
      if (lag == null) {
        return null;
      }
      ParkedMessages.Counts counts = parked.counts();
      return new Lag(
          lag.retainedBytes(), lag.oldestUnpublished().toMillis(), counts.keys(), counts.dead());
    } catch (SQLException | RuntimeException e) {
      return null; // the database is away: the page says so, and the next beat asks again
    }
  }
}
