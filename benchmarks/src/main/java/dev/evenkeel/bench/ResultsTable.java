package dev.evenkeel.bench;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The results as a person reads them. */
final class ResultsTable {

  private final PrintStream out;

  ResultsTable(PrintStream out) {
    this.out = out;
  }

  void print(Results results) {
    line("%n%-34s %-14s %12s %12s %12s  %s", "", "metric", "median", "min", "max", "unit");
    for (Results.Measurement m : results.measurements()) {
      line(
          "%-34s %-14s %12s %12s %12s  %s",
          m.name(), m.metric(), number(m.median()), number(m.min()), number(m.max()), m.unit());
    }
    if (!results.ratios().isEmpty()) {
      line("%n%-34s %12s   %s", "ratio (median of rounds)", "", "target");
    }
    results.ratios().forEach((name, ratio) -> judged(name, "%.3f", ratio, results));
    if (!results.figures().isEmpty()) {
      line("%n%-34s %12s   %s", "figure (median of rounds)", "", "target");
      results
          .figures()
          .forEach(
              (name, figure) -> judged(name, figure >= 100 ? "%,.0f" : "%.3f", figure, results));
    }
    results.settings().forEach(this::settings);
    results.remarks().forEach(remark -> line("%n%s", remark));
    results.invalid().forEach(because -> line("%nINVALID RUN: %s", because));
  }

  private void settings(String of, Map<String, String> values) {
    line("%n%s is set up with", of);
    values.forEach((name, value) -> line("  %s = %s", name, value));
  }

  private void judged(String name, String format, double value, Results results) {
    Results.@Nullable Target target = results.targetOf(name);
    String verdict = target == null ? "" : target + (target.isMetBy(value) ? "  met" : "  MISSED");
    line("%-34s %12s   %s", name, String.format(Locale.ROOT, format, value), verdict);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value >= 1_000 ? "%,.0f" : "%.3f", value);
  }

  private void line(String format, Object... arguments) {
    out.printf(Locale.ROOT, format + "%n", arguments);
  }
}
