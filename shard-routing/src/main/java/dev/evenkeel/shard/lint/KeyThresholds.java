package dev.evenkeel.shard.lint;

/**
 * What a shard key has to reach.
 *
 * @param valuesPerShard different values that each shard needs, 1 to 1,000,000; default 100: with n
 *     values on a shard, shards of even values differ by about 1/√n, so 100 keep them within some
 *     10 %, and fewer can't
 * @param slotShare largest share of a shard's fair part (1 / shards) that one slot may hold, above
 *     0 up to 1; default 0.25: a slot can't be split, so a quarter leaves room for four times as
 *     many shards before that slot has one of its own. Never judged more strictly than twice the
 *     mean slot, because no key does better than that
 * @param rowsPerValue fewest rows per value, on average, of a column that no other written table
 *     carries, at least 1; default 1.5: below that most values have one row, so that nothing shares
 *     a transaction's shard but by accident
 * @param writeShare share of the schema's writes below which there is a warning, 0 to 1; default
 *     0.5: when most writes don't carry the key, most transactions can't be routed by it
 * @param orderCorrelation rank correlation between value and physical order, in either direction,
 *     from which values count as growing, above 0 up to 1; default 0.9: concurrent writers and
 *     sequences that hand out blocks leave it above 0.99, keys that come back stay far below
 */
public record KeyThresholds(
    int valuesPerShard,
    double slotShare,
    double rowsPerValue,
    double writeShare,
    double orderCorrelation) {

  public KeyThresholds {
    Checks.range("valuesPerShard", valuesPerShard, 1, 1_000_000);
    Checks.fraction("slotShare", slotShare);
    if (!(rowsPerValue >= 1)) {
      throw new IllegalArgumentException("rowsPerValue must be at least 1, was " + rowsPerValue);
    }
    if (!(writeShare >= 0 && writeShare <= 1)) {
      throw new IllegalArgumentException(
          "writeShare must be between 0 and 1, was %s".formatted(writeShare));
    }
    Checks.fraction("orderCorrelation", orderCorrelation);
  }

  /** 100 values, 0.25, 1.5 rows, 0.5, 0.9. */
  public static KeyThresholds defaults() {
    return new KeyThresholds(100, 0.25, 1.5, 0.5, 0.9);
  }
}
