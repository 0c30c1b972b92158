package dev.evenkeel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A page in Markdown, made of results. One thread. */
final class Page {

  private final List<String> lines = new ArrayList<>();

  Page(String title, String introduction) {
    line("# " + title);
    line("");
    line("<!-- Made by `bin/bench report`; changes are lost. -->");
    line("");
    line(introduction);
  }

  void line(String line) {
    lines.add(line);
  }

  void heading(String heading) {
    line("");
    line("## " + heading);
    line("");
  }

  /** Where and when the numbers were measured; one line for all that were alike. */
  void origin(List<ResultsDocument> documents) {
    line("");
    documents.stream()
        .map(
            document ->
                "%s, %s. %s."
                    .formatted(
                        document.date().substring(0, 10),
                        document.machine(),
                        versions(document.versions())))
        .distinct()
        .forEach(
            origin -> {
              line(origin);
              line("");
            });
    line(
        "Ratios travel from machine to machine, the other numbers do not. Median of the rounds, in brackets the least and the most.");
  }

  private static String versions(Map<String, String> versions) {
    List<String> words = new ArrayList<>();
    versions.forEach((name, version) -> words.add(name + " " + version));
    return String.join(", ", words);
  }

  void ratios(ResultsDocument document) {
    if (!document.ratios().isEmpty()) {
      heading("Ratios");
      table("ratio", "median of the rounds");
      document
          .ratios()
          .forEach((name, ratio) -> row(name, String.format(Locale.ROOT, "%.2f", ratio)));
    }
  }

  /** All results of a part, as they are. */
  void measurements(String part, ResultsDocument document) {
    heading(part);
    table("", "metric", "median", "unit");
    for (Results.Measurement m : document.results()) {
      if (m.name().equals(part) || m.name().startsWith(part + "/")) {
        String name = m.name().equals(part) ? part : m.name().substring(part.length() + 1);
        row(name, m.metric(), value(m), m.unit());
      }
    }
  }

  void settings(ResultsDocument document) {
    if (!document.settings().isEmpty()) {
      heading("Set up with");
      table("", "setting", "value");
      document
          .settings()
          .forEach(
              (of, values) -> values.forEach((name, value) -> row(of, "`" + name + "`", value)));
    }
  }

  void remarks(ResultsDocument document) {
    document
        .remarks()
        .forEach(
            remark -> {
              line("");
              line(remark);
            });
    document
        .invalid()
        .forEach(
            because -> {
              line("");
              line("**Invalid run**: " + because);
            });
  }

  void table(String... columns) {
    row(columns);
    line("|" + "---|".repeat(columns.length));
  }

  void row(String... cells) {
    line(
        Arrays.stream(cells)
            .map(cell -> cell.replace("|", "\\|"))
            .reduce("|", (row, cell) -> row + " " + cell + " |"));
  }

  /** A median with its bounds where they differ. */
  static String value(Results.Measurement m) {
    return m.min() == m.max()
        ? number(m.median())
        : "%s (%s to %s)".formatted(number(m.median()), number(m.min()), number(m.max()));
  }

  static String number(double value) {
    return String.format(
        Locale.ROOT,
        Math.abs(value) >= 100 ? "%,.0f" : Math.abs(value) >= 10 ? "%.1f" : "%.2f",
        value);
  }

  void write(Path file) throws IOException {
    Files.writeString(file, String.join("\n", lines) + "\n");
    System.out.println(file);
  }
}
