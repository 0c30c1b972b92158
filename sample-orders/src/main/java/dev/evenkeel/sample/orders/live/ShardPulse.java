package dev.evenkeel.sample.orders.live;

import dev.evenkeel.autoconfigure.RelayLifecycle;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayFinding;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.relay.RelayStatus;
import dev.evenkeel.sample.orders.shard.ShardOverview;
import dev.evenkeel.shard.ShardStatus;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Tells open pages once a second how the shards and their relays are. */
@Component
class ShardPulse {

  private final LiveFeed feed;
  private final ShardOverview shards;
  private final RelayLifecycle relays;
  private final ParkedMessages parked;

  ShardPulse(LiveFeed feed, ShardOverview shards, RelayLifecycle relays, ParkedMessages parked) {
    this.feed = feed;
    this.shards = shards;
    this.relays = relays;
    this.parked = parked;
  }

  /**
   * All shards as the page shows them.
   *
   * @param parked null while no database answers
   */
  record Pulse(List<Shard> shards, @Nullable Parked parked) {}

  /** Keys whose events wait, and events that nobody tries any more. */
  record Parked(long keys, long dead) {}

  /**
   * One shard.
   *
   * @param detail why it is not up; empty when it is
   * @param leader the process whose relay publishes its events; null when none does
   * @param leads whether that is this process
   * @param lag null while the database does not answer
   */
  record Shard(
      String name,
      ShardStatus.State state,
      int slots,
      String detail,
      RelayState relay,
      @Nullable String leader,
      boolean leads,
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
  record Lag(long retainedBytes, long oldestUnpublishedMillis) {}

  @Scheduled(fixedDelay = 1_000)
  void beat() {
    if (feed.watched()) {
      feed.tellNow(
          "shards", new Pulse(shards.statuses().stream().map(this::shard).toList(), parked()));
    }
  }

  private Shard shard(ShardStatus shard) {
    RelayStatus relay = Objects.requireNonNull(relays.statuses().get(shard.name()), shard.name());
    boolean leads = relay.state().leads();
    return new Shard(
        shard.name(),
        shard.state(),
        shard.slots(),
        shard.detail(),
        relay.state(),
        leads ? relay.node() : relay.leader(),
        leads,
        relay.inFlight(),
        relay.gaps(),
        relay.findings().stream().map(RelayFinding::toString).toList(),
        // One that is down must not keep the others from being shown.
        shard.state() == ShardStatus.State.UP ? lag(shard.name()) : null);
  }

  private @Nullable Lag lag(String shard) {
    try {
      RelayStatus.Lag lag = relays.lag(shard);
      return lag == null ? null : new Lag(lag.retainedBytes(), lag.oldestUnpublished().toMillis());
    } catch (SQLException | RuntimeException e) {
      return null; // the database is away: the page says so, and the next beat asks again
    }
  }

  private @Nullable Parked parked() {
    try {
      ParkedMessages.Counts counts = parked.counts();
      return new Parked(counts.keys(), counts.dead());
    } catch (RuntimeException e) {
      return null; // as above
    }
  }
}
