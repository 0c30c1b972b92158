package dev.evenkeel.shard.lint;

/**
 * One thing that a figure says about a column.
 *
 * @param kind what was found
 * @param severity how bad it is; a column's verdict is the worst of its reasons
 * @param message one sentence with the figure, the limit and what it means
 */
public record Reason(Kind kind, Verdict severity, String message) {

  /** What can be found. */
  public enum Kind {
    /** The values are dates or times. */
    TEMPORAL,
    /** Values grow with insertion order. */
    MONOTONIC,
    /** Too few different values for the number of shards. */
    LOW_CARDINALITY,
    /** One slot, which can't be split, holds too much. */
    HOT_SLOT,
    /** Hardly two rows share a value, in this table or any other. */
    NO_LOCALITY,
    /** Rows without a value, null or blank: they can't be routed. */
    NO_VALUE,
    /** Most of the schema's writes don't carry the column. */
    FEW_WRITES,
    /** Too little data to judge by. */
    TOO_FEW_ROWS,
    /** None of these: enough values, evenly spread. */
    SPREADS
  }
}
