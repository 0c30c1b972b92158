package dev.evenkeel.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Makes the pages and plots in {@code docs/benchmarks} of the files with results; measures nothing.
 * Pages whose files are missing stay as they are.
 */
final class ReportScenario implements Scenario {

  private static final Path PAGES = Path.of("docs", "benchmarks");

  @Override
  public String name() {
    return "report";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    Files.createDirectories(PAGES);
    new GrowthReport(options.results(), PAGES).write();
    table(
        options.results(),
        PeersScenario.NAME,
        "Beside others",
        "What `bin/bench peers` measured: each from its published artifact, in a process and with a class path of its own, on the same server, with the same load, in turns.");
    table(
        options.results(),
        "jmh",
        "Hot paths",
        "What `bin/bench jmh` measured with JMH: the average time of one call on one thread.");
  }

  private static void table(Path folder, String scenario, String title, String introduction)
      throws Exception {
    Path file = folder.resolve(scenario + ".json");
    if (Files.exists(file)) {
      ResultsDocument document = ResultsDocument.read(file);
      Page page = new Page(title, introduction);
      page.origin(List.of(document));
      page.ratios(document);
      for (String part : document.parts()) {
        page.measurements(part, document);
      }
      page.settings(document);
      page.remarks(document);
      page.write(PAGES.resolve(scenario + ".md"));
    }
  }
}
