package dev.evenkeel.shard;

import dev.evenkeel.outbox.spi.TransactionSlot;
import org.jspecify.annotations.Nullable;

/** The slot that the calling thread is bound to, for ids and {@code slot} columns. */
public final class CurrentSlot implements TransactionSlot {

  /**
   * The slot, 0 to 4,095.
   *
   * @throws NoShardException outside a shard's scope, and in a fan-out
   */
  public int require() {
    Integer slot = slot();
    if (slot == null) {
      throw new NoShardException(
          "There is no current slot: call it within @Sharded or ShardTransactions.inShard");
    }
    return slot;
  }

  /** The slot; null outside a shard's scope, and in a fan-out. */
  @Override
  public @Nullable Integer slot() {
    ShardBinding binding = ShardContext.current().binding();
    return binding == null || binding.slot() == ShardBinding.WHOLE_SHARD ? null : binding.slot();
  }

  /**
   * The name of the shard that the calling thread is bound to.
   *
   * @throws NoShardException outside a shard's scope
   */
  public String requireShard() {
    ShardBinding binding = ShardContext.current().binding();
    if (binding == null) {
      throw new NoShardException(
          "There is no current shard: call it within @Sharded or ShardTransactions");
    }
    return binding.shard();
  }
}
