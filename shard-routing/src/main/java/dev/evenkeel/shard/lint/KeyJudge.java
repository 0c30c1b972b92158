package dev.evenkeel.shard.lint;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.lint.ColumnFigures.Slots;
import dev.evenkeel.shard.lint.ColumnFigures.Values;
import dev.evenkeel.shard.lint.ColumnFigures.Writes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Turns figures into reasons. A pure function. */
final class KeyJudge {

  /** However many shards: the best of keys leaves one slot somewhat above the mean. */
  private static final double MEAN_SLOTS_ALLOWED = 2;

  private final LinterOptions options;
  private final KeyColumn column;
  private final ColumnFigures figures;
  private final List<Reason> reasons = new ArrayList<>();

  private KeyJudge(LinterOptions options, KeyColumn column, ColumnFigures figures) {
    this.options = options;
    this.column = column;
    this.figures = figures;
  }

  static ColumnReport judge(LinterOptions options, KeyColumn column, ColumnFigures figures) {
    List<Reason> reasons = new KeyJudge(options, column, figures).reasons();
    return new ColumnReport(
        column.name(), column.type(), reasons.get(0).severity(), reasons, figures);
  }

  private List<Reason> reasons() {
    temporal();
    withoutValue();
    long needed = (long) options.thresholds().valuesPerShard() * options.shards();
    if (keyedRows() < needed) {
      // Fewer rows than values asked for: whatever the figures are, they say little.
      add(
          Reason.Kind.TOO_FEW_ROWS,
          Verdict.WARNING,
          "%,d rows with a value are too few to judge by, at least %,d are needed for %d shards: lint a table filled like production's",
          keyedRows(),
          needed,
          options.shards());
    } else {
      cardinality(needed);
      hottestSlot();
      locality();
      monotonic();
      writeShare();
    }
    if (reasons.isEmpty()) {
      spreads(needed);
    }
    reasons.sort(Comparator.comparing(Reason::severity).reversed());
    return reasons;
  }

  private long keyedRows() {
    return figures.rows().read() - figures.rows().withoutValue();
  }

  private void temporal() {
    if (column.temporal()) {
      add(
          Reason.Kind.TEMPORAL,
          Verdict.UNSUITABLE,
          "The type is %s: what belongs together was not written at one time, and by range all new rows would go to one shard",
          column.type());
    }
  }

  private void withoutValue() {
    ColumnFigures.Rows rows = figures.rows();
    if (rows.withoutValue() > 0) {
      add(
          Reason.Kind.NO_VALUE,
          Verdict.UNSUITABLE,
          "%,d of %,d rows (%.2f %%) are null or blank: a row without a key has no shard",
          rows.withoutValue(),
          rows.read(),
          percent((double) rows.withoutValue() / rows.read()));
    }
  }

  private void cardinality(long needed) {
    if (figures.values().distinct() < needed) {
      add(
          Reason.Kind.LOW_CARDINALITY,
          Verdict.UNSUITABLE,
          "%,d different values are fewer than the %,d that %d shards need (%d each): they can't be spread evenly, and further shards would stay empty",
          figures.values().distinct(),
          needed,
          options.shards(),
          options.thresholds().valuesPerShard());
    }
  }

  private void hottestSlot() {
    Slots slots = figures.slots();
    double limit = slotLimit();
    if (slots.hottestShare() > limit) {
      add(
          Reason.Kind.HOT_SLOT,
          Verdict.UNSUITABLE,
          "Slot %d holds %.2f %% of the rows (value \"%s\" alone %.2f %%), more than the %.2f %% allowed with %d shards of %.1f %% each: a slot can't be split, so its shard stays hot",
          slots.hottest(),
          percent(slots.hottestShare()),
          figures.values().hottest(),
          percent(figures.values().hottestShare()),
          percent(limit),
          options.shards(),
          percent(1.0 / options.shards()));
    }
  }

  private double slotLimit() {
    return Math.max(
        options.thresholds().slotShare() / options.shards(), MEAN_SLOTS_ALLOWED / SlotHash.SLOTS);
  }

  private void locality() {
    double rowsPerValue = figures.values().rowsPerValue();
    if (rowsPerValue < options.thresholds().rowsPerValue() && !figures.writes().elsewhere()) {
      add(
          Reason.Kind.NO_LOCALITY,
          Verdict.UNSUITABLE,
          "%.2f rows per value (fewer than %.2f) and no other written table carries it: no two rows would be on one shard but by accident",
          rowsPerValue,
          options.thresholds().rowsPerValue());
    }
  }

  private void monotonic() {
    ColumnFigures.Order order = figures.order();
    if (!order.monotonic()) {
      return;
    }
    Double correlation = order.correlation();
    String evidence =
        order.generated() || correlation == null
            ? "it draws from a sequence"
            : String.format(
                Locale.ROOT,
                "rank correlation with the physical order %.2f, limit %.2f",
                correlation,
                options.thresholds().orderCorrelation());
    if (figures.writes().identifies() && figures.writes().elsewhere()) {
      add(
          Reason.Kind.MONOTONIC,
          Verdict.WARNING,
          "Values grow with insertion order (%s), but they identify something that other tables refer to: shard it by hash, since by range all new ones would go to one shard",
          evidence);
    } else {
      add(
          Reason.Kind.MONOTONIC,
          Verdict.UNSUITABLE,
          "Values grow with insertion order (%s) like a time: by range all new rows would go to one shard, and by hash what belongs together would not; if the rows were loaded in this order, lint a table that has grown in use",
          evidence);
    }
  }

  private void writeShare() {
    Writes writes = figures.writes();
    Double share = writes.share();
    if (share != null && share < options.thresholds().writeShare()) {
      add(
          Reason.Kind.FEW_WRITES,
          Verdict.WARNING,
          "%.1f %% of the schema's writes carry it (%s), fewer than %.0f %%: the others could not be routed by it",
          percent(share),
          String.join(", ", writes.tables()),
          percent(options.thresholds().writeShare()));
    }
  }

  private void spreads(long needed) {
    Values values = figures.values();
    Double share = figures.writes().share();
    add(
        Reason.Kind.SPREADS,
        Verdict.SUITABLE,
        "%,d values (%,d needed) with %.1f rows each, the hottest slot with %.2f %% of the rows (limit %.2f %%), and %s of the schema's writes carry it (%s)",
        values.distinct(),
        needed,
        values.rowsPerValue(),
        percent(figures.slots().hottestShare()),
        percent(slotLimit()),
        share == null ? "an unknown share" : String.format(Locale.ROOT, "%.1f %%", percent(share)),
        String.join(", ", figures.writes().tables()));
  }

  private static double percent(double share) {
    return share * 100;
  }

  private void add(
      Reason.Kind kind, Verdict severity, String message, @Nullable Object... figures) {
    reasons.add(new Reason(kind, severity, String.format(Locale.ROOT, message, figures)));
  }
}
