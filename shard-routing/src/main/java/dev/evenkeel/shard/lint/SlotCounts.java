package dev.evenkeel.shard.lint;

import dev.evenkeel.outbox.SlotHash;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Adds up a column's values as they stream by: one call per value, memory for 4,096 slots. Not
 * thread-safe.
 *
 * <p>In a sample the fullest of 4,096 counters is fuller than its slot deserves, because chance
 * helped it to be the fullest. So each row is also thrown into one of two halves by a coin: the
 * slot that one half calls hottest, measured in the other, errs downwards instead. The middle of
 * the two is what is reported, drawn towards the plain figure by as much of the table as the sample
 * covers, since that much is not left to chance.
 */
final class SlotCounts {

  /** 97.5 % quantile of the normal distribution: two sides, 95 %. */
  private static final double NORMAL_QUANTILE = 1.96;

  private static final int LONGEST_SHOWN = 100;

  private final double fraction;
  private final long[] all = new long[SlotHash.SLOTS];
  private final long[] half = new long[SlotHash.SLOTS];
  private final SplittableRandom coin = new SplittableRandom(1);

  private long withoutValue;
  private long rows;
  private long distinct;
  private long seenOnce;
  private @Nullable String hottest;
  private long hottestRows;

  /**
   * Starts at zero.
   *
   * @param fraction share of the table that is read, above 0 up to 1; 1 for all of it
   */
  SlotCounts(double fraction) {
    this.fraction = fraction;
  }

  /** Adds all rows that have this value. To be called once per value. */
  void add(@Nullable String value, long count) {
    if (value == null || value.isBlank()) {
      withoutValue += count;
      return;
    }
    distinct++;
    if (count == 1) {
      seenOnce++;
    }
    if (count > hottestRows) {
      hottestRows = count;
      hottest = value;
    }
    add(SlotHash.slotOf(value), count);
  }

  void add(int slot, long count) {
    rows += count;
    all[slot] += count;
    if (sampled()) {
      half[slot] += heads(count);
    }
  }

  private boolean sampled() {
    return fraction < 1;
  }

  /** How many of so many coins show heads, 64 coins a throw. */
  private long heads(long coins) {
    long heads = 0;
    for (long left = coins; left > 0; left -= Long.SIZE) {
      long thrown = coin.nextLong();
      heads += Long.bitCount(left < Long.SIZE ? thrown >>> (Long.SIZE - left) : thrown);
    }
    return heads;
  }

  ColumnFigures.Rows rows() {
    long read = rows + withoutValue;
    return new ColumnFigures.Rows(Math.round(read / fraction), read, sampled(), withoutValue);
  }

  ColumnFigures.Values values() {
    if (rows == 0) {
      return new ColumnFigures.Values(0, 0, null, 0);
    }
    double table = rows / fraction;
    // Duj1; exactly the number seen when the whole table was.
    double estimate =
        (double) rows * distinct / (rows - seenOnce + (double) seenOnce * rows / table);
    return new ColumnFigures.Values(
        Math.round(estimate), table / estimate, shown(hottest), (double) hottestRows / rows);
  }

  private static @Nullable String shown(@Nullable String value) {
    return value == null || value.length() <= LONGEST_SHOWN
        ? value
        : value.substring(0, LONGEST_SHOWN);
  }

  ColumnFigures.Slots slots() {
    if (rows == 0) {
      return new ColumnFigures.Slots(-1, 0, 0, 0);
    }
    int fullest = 0;
    int fullestHalf = 0;
    int fullestOtherHalf = 0;
    for (int slot = 1; slot < all.length; slot++) {
      if (all[slot] > all[fullest]) {
        fullest = slot;
      }
      if (half[slot] > half[fullestHalf]) {
        fullestHalf = slot;
      }
      if (otherHalf(slot) > otherHalf(fullestOtherHalf)) {
        fullestOtherHalf = slot;
      }
    }
    double hottestRows = all[fullest];
    double margin = 0;
    if (sampled()) {
      double crossed = otherHalf(fullestHalf) + half[fullestOtherHalf];
      margin = NORMAL_QUANTILE * Math.sqrt((1 - fraction) / hottestRows);
      hottestRows -= (hottestRows - crossed) / 2 * (1 - fraction);
    }
    double share = hottestRows / rows;
    return new ColumnFigures.Slots(fullest, share, share * SlotHash.SLOTS, margin);
  }

  private long otherHalf(int slot) {
    return all[slot] - half[slot];
  }
}
