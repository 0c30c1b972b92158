package dev.evenkeel.shard;

import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.shard.id.CurrentShard;
import dev.evenkeel.shard.id.NumberedShard;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** What the calling thread is bound to: for outbox rows, ids and {@code slot} columns. */
public final class ShardScope implements TransactionSlot, CurrentShard {

  private final Supplier<SlotMap> map;
  private final DataSource routing;

  /**
   * Makes it.
   *
   * @param map the present slot map
   * @param routing the data source under which transactions bind their connections
   */
  public ShardScope(Supplier<SlotMap> map, DataSource routing) {
    this.map = map;
    this.routing = routing;
  }

  /** The slot; null outside a shard's scope, and in a fan-out. */
  @Override
  public @Nullable Integer slot() {
    ShardBinding binding = ShardContext.current().effective();
    return binding == null || binding.slot() == ShardBinding.WHOLE_SHARD ? null : binding.slot();
  }

  /**
   * The slot, 0 to 4,095.
   *
   * @throws NoShardException outside a shard's scope, and in a fan-out
   */
  public int requireSlot() {
    Integer slot = slot();
    if (slot == null) {
      throw new NoShardException(
          "There is no current slot: call it within @Sharded or ShardTransactions.inShard");
    }
    return slot;
  }

  /**
   * The shard.
   *
   * @throws NoShardException outside a shard's scope
   */
  @Override
  public NumberedShard shard() {
    ShardBinding binding = ShardContext.current().effective();
    if (binding == null) {
      throw new NoShardException(
          "There is no current shard: call it within @Sharded or ShardTransactions");
    }
    Integer ordinal = map.get().ordinalOf(binding.shard());
    if (ordinal == null) {
      throw new ShardUnavailableException(
          "Shard \"%s\" is not registered in the slot map".formatted(binding.shard()), null);
    }
    return new NumberedShard(binding.shard(), ordinal, routing);
  }
}
