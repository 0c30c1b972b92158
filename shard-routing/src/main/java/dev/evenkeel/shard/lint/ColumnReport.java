package dev.evenkeel.shard.lint;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What the linter thinks of one column as shard key.
 *
 * @param column the column
 * @param type its type, as SQL writes it
 * @param verdict the worst of the reasons
 * @param reasons what the figures say, worst first; never empty
 * @param figures what was measured
 */
public record ColumnReport(
    String column, String type, Verdict verdict, List<Reason> reasons, ColumnFigures figures) {

  public ColumnReport {
    reasons = List.copyOf(reasons);
  }

  /** Whether a reason of this kind was found. */
  public boolean has(Reason.Kind kind) {
    return reasons.stream().anyMatch(reason -> reason.kind() == kind);
  }

  /** Verdict, reasons and figures as lines of text, for people. */
  public String describe() {
    return "%s %s is %s%n%s%n%s"
        .formatted(
            column,
            type,
            verdict,
            reasons.stream()
                .map(reason -> "  %s: %s".formatted(reason.kind(), reason.message()))
                .collect(Collectors.joining(System.lineSeparator())),
            figures.describe());
  }
}
