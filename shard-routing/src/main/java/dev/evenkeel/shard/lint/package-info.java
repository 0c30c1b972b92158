/**
 * Judges columns as shard keys by the data that is there: how many values, how evenly they fall on
 * the slots, whether they only grow, and how much of what is written carries them.
 *
 * <p>{@link dev.evenkeel.shard.lint.ShardKeyLinter} measures, the rest is what it returns. The
 * database groups a column's values and streams one row per value, so memory is 4,096 counters
 * whatever the table's size. Large tables are sampled by rows; the number of values is then
 * estimated as {@code ANALYZE} does (Haas and Stokes, "Estimating the number of classes in a finite
 * population", 1998, estimator Duj1).
 */
@NullMarked
package dev.evenkeel.shard.lint;

import org.jspecify.annotations.NullMarked;
