package dev.evenkeel.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How cost grows with one thing at a time, ours and the bare reference where there is one. Each
 * part has a file of its own, {@code growth-<part>.json}, written as soon as it is measured, so
 * that parts can be measured one by one. {@code bin/bench report} makes plots and tables of them.
 */
final class GrowthScenario implements Scenario {

  static final String NAME = "growth";

  /** Of each series at each point and in each round; there are many points. */
  static final Duration DURATION = Duration.ofSeconds(3);

  static final int ROUNDS = 2;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    List<GrowthPart> parts = new ArrayList<>(OutboxGrowth.parts());
    parts.addAll(SagaGrowth.parts());
    ResultsTable table = new ResultsTable(System.out);
    for (GrowthPart part : parts) {
      if (options.wants(part.name())) {
        Results own = new Results();
        long from = System.nanoTime();
        part.measure().run(options, own);
        table.print(own);
        own.invalid().forEach(results::invalidate);
        Path file = new ResultsFile(options.results()).write(NAME + "-" + part.name(), own);
        System.out.printf(
            "%n%s, after %d s%n", file, Duration.ofNanos(System.nanoTime() - from).toSeconds());
      }
    }
  }
}
