package dev.evenkeel.shard.lint;

import java.time.Duration;

/**
 * How much the linter may read.
 *
 * @param fullScanRows tables that the planner believes to be larger are sampled, 1 to 10^12;
 *     default 20,000,000
 * @param sampleRows rows to draw from those, 1,000 to 10^9; default 16,000,000. The hottest slot
 *     holds at least 1/4,096 of them, so 3,900 rows or more, which keeps the skew figure within 5 %
 *     of the truth even where all slots are alike; smaller samples do for keys with a hot slot, and
 *     {@link ColumnFigures.Slots#margin()} says how well
 * @param timeout longest time per column and statement, 100 ms to 1 h; default 5 min. Sampling is
 *     by rows, so each column costs one reading of the table
 */
public record ScanLimits(long fullScanRows, long sampleRows, Duration timeout) {

  public ScanLimits {
    Checks.range("fullScanRows", fullScanRows, 1, 1_000_000_000_000L);
    Checks.range("sampleRows", sampleRows, 1_000, 1_000_000_000);
    if (timeout.compareTo(Duration.ofMillis(100)) < 0
        || timeout.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException(
          "timeout must be between PT0.1S and PT1H, was %s".formatted(timeout));
    }
  }

  /** 20,000,000 rows, 16,000,000 rows, five minutes. */
  public static ScanLimits defaults() {
    return new ScanLimits(20_000_000, 16_000_000, Duration.ofMinutes(5));
  }
}
