package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.shard.ShardTransactions;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Counts keys up by one, each with an event in the same transaction on the key's shard. The
 * application's own events have a key each; these have many of one key, whose order can be seen.
 */
final class Tallies {

  private static final String BEGIN =
      "INSERT INTO prove.tally (key, version) VALUES (?, 0) ON CONFLICT DO NOTHING";

  private static final String COUNT =
      "UPDATE prove.tally SET version = ? WHERE key = ? AND version = ? - 1";

  private final ObjectProvider<ShardTransactions> shards;
  private final TransactionTemplate transactions;
  private final JdbcTemplate sql;
  private final Outbox outbox;

  Tallies(
      ObjectProvider<ShardTransactions> shards,
      TransactionTemplate transactions,
      JdbcTemplate sql,
      Outbox outbox) {
    this.shards = shards;
    this.transactions = transactions;
    this.sql = sql;
    this.outbox = outbox;
  }

  /**
   * Counts a key up to a version, unless it is there already.
   *
   * @param key sharded by it
   * @param place what the effect is sharded by
   */
  void count(String key, long version, String place) {
    inShard(
        key,
        () -> {
          sql.update(BEGIN, key);
          if (sql.update(COUNT, version, key, version) == 1) {
            outbox.append(new TallyCounted(key, version, place));
          }
          return true;
        });
  }

  /** In one transaction on the shard of a key; without shards in the one database. */
  <T extends @Nullable Object> T inShard(String key, Supplier<T> work) {
    ShardTransactions routed = shards.getIfAvailable();
    return routed == null ? transactions.execute(status -> work.get()) : routed.inShard(key, work);
  }
}
