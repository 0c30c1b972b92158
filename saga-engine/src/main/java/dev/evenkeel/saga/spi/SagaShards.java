package dev.evenkeel.saga.spi;

import dev.evenkeel.outbox.spi.TransactionTarget;
import java.util.List;
import javax.sql.DataSource;

/** The databases that sagas and their steps live on. Thread-safe. */
public interface SagaShards {

  /** Names of all databases; without shards the only one. */
  List<String> names();

  /**
   * The slot of a shard key, 0 to 4,095.
   *
   * @throws RuntimeException if the strategy does not know the key
   */
  int slotOf(String strategy, String key);

  /** The shard that a slot's transactions go to now. */
  String shardOf(int slot);

  /**
   * The way into a transaction of a slot, for the application's code.
   *
   * @param key for errors
   */
  TransactionTarget target(int slot, String key);

  /** A database itself, for the engine's own transactions. */
  DataSource dataSource(String shard);

  /** Whether a shard is known to take transactions now; true when in doubt. */
  boolean isUp(String shard);
}
