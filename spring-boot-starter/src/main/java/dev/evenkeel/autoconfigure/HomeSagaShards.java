package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.shard.ShardKeyException;
import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.shard.SlotStrategy;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/** Without shards: every slot lies in the application's database. */
final class HomeSagaShards implements SagaShards {

  private final TransactionTarget home;
  private final ShardRouter slots;

  HomeSagaShards(TransactionTarget home, Map<String, SlotStrategy> strategies) {
    this.home = home;
    this.slots =
        new ShardRouter(
            () -> {
              throw new ShardKeyException(
                  "Only the slot strategies \"%s\", \"%s\" and SlotStrategy beans exist without shards; set evenkeel.shards, or name one of those"
                      .formatted(SlotStrategy.HASH, SlotStrategy.CARRIED));
            },
            strategies);
  }

  @Override
  public List<String> names() {
    return List.of(home.name());
  }

  @Override
  public int slotOf(String strategy, String key) {
    return slots.slotOf(strategy, key);
  }

  @Override
  public String shardOf(int slot) {
    return home.name();
  }

  @Override
  public TransactionTarget target(int slot, String key) {
    return home;
  }

  @Override
  public DataSource dataSource(String shard) {
    return home.dataSource();
  }

  @Override
  public boolean isUp(String shard) {
    return true;
  }
}
