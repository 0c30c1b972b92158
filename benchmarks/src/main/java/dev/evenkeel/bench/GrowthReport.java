package dev.evenkeel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A plot and a table for each part of {@link GrowthScenario} that has been measured. */
final class GrowthReport {

  private static final String METRIC = "throughput";
  private static final String BARE = "bare";

  /** Beyond it the lowest values could not be told from each other. */
  private static final double WIDEST_LINEAR = 20;

  private static final List<Part> PARTS =
      List.of(
          new Part("writers", "Events per second, by writers", "writers in a closed loop"),
          new Part("payload", "Events per second, by payload", "bytes of payload, 16 writers"),
          new Part("consumers", "Events per second, by consumers", "consumers, 16 writers"),
          new Part("backlog", "Draining a backlog", "events in the backlog"),
          new Part("steps", "Sagas per second, by steps", "steps, 16 callers"),
          new Part(
              "shards", "Sagas of three steps per second, by shards", "databases on one server"),
          new Part(
              "finished",
              "Sagas of three steps per second, by what is there",
              "sagas that have ended before"));

  private final Path results;
  private final Path pages;

  /** What a part's plot says. */
  private record Part(String name, String title, String xLabel) {}

  GrowthReport(Path results, Path pages) {
    this.results = results;
    this.pages = pages;
  }

  void write() throws IOException {
    Map<Part, ResultsDocument> documents = new LinkedHashMap<>();
    for (Part part : PARTS) {
      Path file = results.resolve(GrowthScenario.NAME + "-" + part.name() + ".json");
      if (Files.exists(file)) {
        documents.put(part, ResultsDocument.read(file));
      }
    }
    if (documents.isEmpty()) {
      return;
    }
    Page page =
        new Page(
            "How cost grows",
            "What `bin/bench growth` measured: one thing grows, all else stays as it comes. *bare* is the reference without the framework, where there is one.");
    page.origin(List.copyOf(documents.values()));
    for (Map.Entry<Part, ResultsDocument> entry : documents.entrySet()) {
      write(entry.getKey(), entry.getValue(), page);
    }
    page.write(pages.resolve(GrowthScenario.NAME + ".md"));
  }

  private void write(Part part, ResultsDocument document, Page page) throws IOException {
    Set<Long> xs = new LinkedHashSet<>();
    Set<String> series = new LinkedHashSet<>();
    if (document.results().stream().anyMatch(result -> result.name().endsWith("/" + BARE))) {
      series.add(BARE); // first, so that it looks the same in all plots
    }
    for (Results.Measurement measurement : document.results()) {
      String[] words = measurement.name().split("/", 3);
      xs.add(Long.valueOf(words[1]));
      series.add(words[2]);
    }
    page.heading(part.title());
    String picture = GrowthScenario.NAME + "-" + part.name() + ".svg";
    page.line("![%s](%s)".formatted(part.title(), picture));
    page.line("");
    table(part, document, xs, series, page);
    page.remarks(document);
    LinePlot plot = plot(part, document, List.copyOf(xs), series);
    Files.writeString(pages.resolve(picture), plot.svg());
  }

  private static LinePlot plot(
      Part part, ResultsDocument document, List<Long> xs, Set<String> series) {
    List<LinePlot.Line> lines = new ArrayList<>();
    double least = Double.MAX_VALUE;
    double most = 0;
    String unit = "";
    for (String name : series) {
      List<LinePlot.Point> points = new ArrayList<>();
      for (int index = 0; index < xs.size(); index++) {
        Results.Measurement m = find(part, document, xs.get(index), name);
        if (m != null) {
          points.add(new LinePlot.Point(index, m.median(), m.min(), m.max()));
          least = Math.min(least, m.min());
          most = Math.max(most, m.max());
          unit = m.unit();
        }
      }
      lines.add(new LinePlot.Line(name, points));
    }
    return new LinePlot(
        part.title(),
        part.xLabel(),
        unit,
        xs.stream().map(GrowthReport::grouped).toList(),
        lines,
        most > WIDEST_LINEAR * least);
  }

  private static void table(
      Part part, ResultsDocument document, Set<Long> xs, Set<String> series, Page page) {
    List<String> columns = new ArrayList<>();
    columns.add(part.xLabel());
    columns.addAll(series);
    List<String> compared =
        series.contains(BARE)
            ? series.stream().filter(name -> !name.equals(BARE)).toList()
            : List.of();
    compared.forEach(name -> columns.add(name + " / bare"));
    page.table(columns.toArray(String[]::new));
    for (long x : xs) {
      List<String> cells = new ArrayList<>();
      cells.add(grouped(x));
      for (String name : series) {
        Results.Measurement m = find(part, document, x, name);
        cells.add(m == null ? "" : Page.value(m));
      }
      Results.Measurement bare = find(part, document, x, BARE);
      for (String name : compared) {
        Results.Measurement m = find(part, document, x, name);
        cells.add(
            m == null || bare == null
                ? ""
                : String.format(Locale.ROOT, "%.2f", m.median() / bare.median()));
      }
      page.row(cells.toArray(String[]::new));
    }
  }

  private static Results.@Nullable Measurement find(
      Part part, ResultsDocument document, long x, String series) {
    return document.find(GrowthPart.point(part.name(), x, series), METRIC);
  }

  private static String grouped(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }
}
