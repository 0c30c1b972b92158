package dev.evenkeel.shard.lint;

/**
 * Settings of a {@link ShardKeyLinter}.
 *
 * @param shards number of databases to judge for, 1 to 1,024; think of the number to grow to
 * @param thresholds what a key has to reach
 * @param limits how much may be read
 */
public record LinterOptions(int shards, KeyThresholds thresholds, ScanLimits limits) {

  public LinterOptions {
    Checks.range("shards", shards, 1, 1024);
  }

  /** The defaults for a number of shards. */
  public static LinterOptions forShards(int shards) {
    return new LinterOptions(shards, KeyThresholds.defaults(), ScanLimits.defaults());
  }
}
