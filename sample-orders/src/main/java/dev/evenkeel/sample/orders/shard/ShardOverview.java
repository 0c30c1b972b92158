package dev.evenkeel.sample.orders.shard;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.ShardStatus;
import dev.evenkeel.shard.Shards;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** How the shards are; an application with one database shows it as one that has all slots. */
@Component
public class ShardOverview {

  private static final List<ShardStatus> HOME =
      List.of(new ShardStatus(Slots.HOME, ShardStatus.State.UP, SlotHash.SLOTS, ""));

  private final @Nullable Shards shards;

  ShardOverview(ObjectProvider<Shards> shards) {
    this.shards = shards.getIfAvailable();
  }

  /** All of them, sorted by name. Asks no database. */
  public List<ShardStatus> statuses() {
    return shards == null ? HOME : shards.statuses();
  }
}
