package dev.evenkeel.shard.lint;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What was measured of a column. Shares are between 0 and 1.
 *
 * @param rows the rows that were looked at
 * @param values the values in them
 * @param slots how the values fall on the slots
 * @param order whether values grow
 * @param writes what is written with the column
 */
public record ColumnFigures(Rows rows, Values values, Slots slots, Order order, Writes writes) {

  /**
   * The rows that were looked at.
   *
   * @param table rows in the table; estimated from the sample when sampled
   * @param read rows looked at
   * @param sampled whether those were a sample, not the whole table
   * @param withoutValue rows among those looked at whose value is null or blank; they can't be
   *     routed, and all other figures leave them out
   */
  public record Rows(long table, long read, boolean sampled, long withoutValue) {}

  /**
   * The values.
   *
   * @param distinct different values in the table (cardinality); estimated when sampled
   * @param rowsPerValue rows per value, on average; 0 without rows
   * @param hottest the value that most rows have, cut to 100 characters; null without rows
   * @param hottestShare share of the rows that have it
   */
  public record Values(
      long distinct, double rowsPerValue, @Nullable String hottest, double hottestShare) {}

  /**
   * How rows fall on the 4,096 slots by {@link dev.evenkeel.outbox.SlotHash} of the value's text.
   *
   * @param hottest the slot with most rows; -1 without rows
   * @param hottestShare share of the rows in it
   * @param maxOverMean its rows over the mean of all slots, that is 4,096 times its share
   * @param margin relative 95 % margin of both when sampled, 0.05 for ±5 %; 0 when exact
   */
  public record Slots(int hottest, double hottestShare, double maxOverMean, double margin) {}

  /**
   * Whether values grow with insertion order.
   *
   * @param correlation rank correlation between value and physical order, -1 to 1, a stand-in for
   *     insertion order that fades where updates move rows; null when too few rows or only one
   *     value
   * @param generated whether the column draws from a sequence
   * @param monotonic what follows: generated, or correlated beyond the threshold
   */
  public record Order(@Nullable Double correlation, boolean generated, boolean monotonic) {}

  /**
   * Rows inserted, updated and deleted since the database's statistics were last reset, in all
   * tables of the table's schema.
   *
   * @param share share of them in tables that carry the column; null when nothing was counted
   * @param tables the tables that carry it, this one included, by name: they have a column of that
   *     name and type, or a foreign key ties them to it. Columns that number each table's own rows,
   *     such as {@code id}, are the same key only by foreign key
   * @param elsewhere whether one of the others is written, or exists when nothing was counted
   * @param identifies whether the values identify the rows of one of these tables
   */
  public record Writes(
      @Nullable Double share, List<String> tables, boolean elsewhere, boolean identifies) {

    public Writes {
      tables = List.copyOf(tables);
    }
  }

  /** All figures as lines of text, for people. */
  String describe() {
    return String.format(
        Locale.ROOT,
        """
          rows: %,d%s, %,d of %,d read without a value
          values: %,d, %.1f rows each, hottest "%s" with %.2f %% of the rows
          slots: hottest %d with %.3f %% of the rows, max/mean %.2f%s
          order: correlation with insertion %s%s
          writes: %s of the schema's carry it, tables %s\
        """,
        rows.table(),
        rows.sampled() ? " (estimated from a sample)" : "",
        rows.withoutValue(),
        rows.read(),
        values.distinct(),
        values.rowsPerValue(),
        values.hottest(),
        values.hottestShare() * 100,
        slots.hottest(),
        slots.hottestShare() * 100,
        slots.maxOverMean(),
        rows.sampled() ? " ±%.1f %%".formatted(slots.margin() * 100) : "",
        order.correlation() == null
            ? "unknown"
            : String.format(Locale.ROOT, "%.2f", order.correlation()),
        order.generated() ? ", drawn from a sequence" : "",
        writes.share() == null
            ? "an unknown share"
            : String.format(Locale.ROOT, "%.1f %%", writes.share() * 100),
        writes.tables());
  }
}
