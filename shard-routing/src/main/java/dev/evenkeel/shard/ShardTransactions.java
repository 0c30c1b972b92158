package dev.evenkeel.shard;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@link Sharded} in code. Transactions are read-write on the primary unless said otherwise.
 * Thread-safe.
 */
public interface ShardTransactions {

  /**
   * Runs work in one transaction on the shard of the key; joins a transaction of the same slot.
   *
   * @param key its text is the key, as {@link Sharded#key()}'s value would be
   * @throws CrossShardException inside a transaction of another slot
   * @throws ShardKeyException if the key is null or blank
   */
  <T extends @Nullable Object> T inShard(@Nullable Object key, Supplier<T> work);

  /** {@link #inShard(Object, Supplier)} without a result. */
  default void inShard(@Nullable Object key, Runnable work) {
    inShard(
        key,
        () -> {
          work.run();
          return "done";
        });
  }

  /**
   * {@link #inShard(Object, Supplier)} with another strategy than the hash.
   *
   * @param strategy as {@link Sharded#strategy()}
   */
  <T extends @Nullable Object> T inShard(String strategy, @Nullable Object key, Supplier<T> work);

  /**
   * Fan-out: runs work in one read-only transaction on each shard, at the same time, on threads of
   * its own. The answers are of different moments. A shard that does not answer is missing, and
   * named.
   *
   * @throws CrossShardException inside a routed transaction
   */
  <T extends @Nullable Object> EveryShard<T> onEveryShard(Supplier<T> work);
}
