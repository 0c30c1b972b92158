package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.shard.ShardTransactionRouter;
import dev.evenkeel.shard.ShardUnavailableException;
import dev.evenkeel.shard.Shards;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;

/**
 * With shards. Steps use the application's pools, the engine its own: the application taking every
 * connection must not cost the leases.
 */
final class RoutedSagaShards implements SagaShards {

  private final Shards shards;
  private final ShardRouter router;
  private final ShardTransactionRouter transactions;
  private final Map<String, DataSource> own;

  /**
   * Makes them.
   *
   * @param own the engine's pools, by shard
   */
  RoutedSagaShards(
      Shards shards,
      ShardRouter router,
      ShardTransactionRouter transactions,
      Map<String, ? extends DataSource> own) {
    this.shards = shards;
    this.router = router;
    this.transactions = transactions;
    this.own = new TreeMap<>(own);
  }

  @Override
  public List<String> names() {
    return shards.names();
  }

  @Override
  public int slotOf(String strategy, String key) {
    return router.slotOf(strategy, key);
  }

  @Override
  public String shardOf(int slot) {
    return router.shardOf(slot);
  }

  @Override
  public TransactionTarget target(int slot, String key) {
    return transactions.target(slot, key);
  }

  @Override
  public DataSource dataSource(String shard) {
    DataSource found = own.get(shard);
    if (found == null) {
      throw new ShardUnavailableException(
          "Shard \"%s\" is in the slot map, and not in evenkeel.shards; add its URL"
              .formatted(shard),
          null);
    }
    return found;
  }

  @Override
  public boolean isUp(String shard) {
    return own.containsKey(shard) && shards.isUp(shard);
  }
}
