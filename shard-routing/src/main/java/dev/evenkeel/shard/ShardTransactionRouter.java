package dev.evenkeel.shard;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.TransactionRouter;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Sends a handler's effects to the shard of its key: what the handler's shard key says, else the
 * slot that the message carries, else the hash of its aggregate id. Thread-safe.
 */
public final class ShardTransactionRouter implements TransactionRouter {

  private final ShardRouter router;
  private final DataSource routing;
  private final Supplier<PlatformTransactionManager> transactionManager;
  private final Map<String, DataSource> primaries = new TreeMap<>();

  /**
   * Makes the router.
   *
   * @param routing the data source under which the transaction manager binds connections
   * @param transactionManager asked when a message is routed
   */
  public ShardTransactionRouter(
      ShardRouter router,
      Shards shards,
      DataSource routing,
      Supplier<PlatformTransactionManager> transactionManager) {
    this.router = router;
    this.routing = routing;
    this.transactionManager = transactionManager;
    shards.databases().forEach(shard -> primaries.put(shard.name(), shard.primary()));
  }

  @Override
  public TransactionTarget route(
      String consumer, OutboxMessage message, @Nullable ShardKey shardKey) {
    return target(slot(message, shardKey), shardKey == null ? message.toString() : shardKey.text());
  }

  /**
   * The way into transactions of a slot.
   *
   * @param slot 0 to 4,095
   * @param key for errors
   * @throws ShardUnavailableException if the slot lies on a shard that is not configured
   */
  public TransactionTarget target(int slot, String key) {
    String shard = router.shardOf(slot);
    DataSource primary = primaries.get(shard);
    if (primary == null) {
      throw new ShardUnavailableException(
          "Shard \"%s\" is in the slot map, and not in evenkeel.shards".formatted(shard), null);
    }
    ShardBinding binding = new ShardBinding(slot, shard, key, ReadFrom.PRIMARY, null);
    return new TransactionTarget(
        shard, slot, primary, routing, transactionManager.get(), new BoundScope(binding));
  }

  private record BoundScope(ShardBinding binding) implements TransactionTarget.Scope {

    @Override
    public <T extends @Nullable Object> T call(Supplier<T> work) {
      return ShardContext.current().call(binding, work);
    }
  }

  private int slot(OutboxMessage message, @Nullable ShardKey shardKey) {
    if (shardKey != null) {
      return router.slotOf(shardKey.strategy(), shardKey.text());
    }
    Integer carried = message.slot();
    return carried == null ? SlotHash.slotOf(message.aggregateId()) : carried;
  }
}
