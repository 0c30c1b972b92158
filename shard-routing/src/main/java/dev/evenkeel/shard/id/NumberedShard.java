package dev.evenkeel.shard.id;

import javax.sql.DataSource;

/**
 * A shard that numbers its rows.
 *
 * @param name its name in the slot map
 * @param ordinal its number in the table {@code shard}, 0 to 1,023, never another shard's
 * @param dataSource its database. Where a transaction is bound to this very data source, numbers
 *     are drawn on the transaction's connection, so that a caller never waits for a second one
 */
public record NumberedShard(String name, int ordinal, DataSource dataSource) {

  public NumberedShard {
    if (ordinal < 0 || ordinal >= SequenceIds.SHARDS) {
      throw new IllegalArgumentException(
          "The ordinal of shard %s must be between 0 and %d, was %d"
              .formatted(name, SequenceIds.SHARDS - 1, ordinal));
    }
  }
}
