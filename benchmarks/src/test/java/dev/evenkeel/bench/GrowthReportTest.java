package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrowthReportTest {

  @TempDir private Path folder;

  @Test
  void partThatWasMeasuredHasATableAndAPlot() throws Exception {
    Results results = new Results();
    results.add("steps/1/bare", "throughput", "sagas/s", 1_000);
    results.add("steps/1/bare", "throughput", "sagas/s", 2_000);
    results.add("steps/1/evenkeel", "throughput", "sagas/s", 900);
    results.add("steps/1/evenkeel", "p99", "ms", 3);
    results.add("steps/10/evenkeel", "throughput", "sagas/s", 90);
    new ResultsDocument(
            "growth-steps",
            "2026-11-22T10:00:00Z",
            "2 cores",
            Map.of("java", "17"),
            results.measurements(),
            Map.of(),
            Map.of(),
            Map.of(),
            List.of("How to read it."),
            List.of())
        .write(folder.resolve("growth-steps.json"));

    new GrowthReport(folder, folder).write();

    assertThat(folder.resolve("growth.md"))
        .content()
        .contains(
            "2026-11-22, 2 cores. java 17.",
            "| 1 | 1,500 (1,000 to 2,000) | 900 | 0.60 |",
            "| 10 |  | 90.0 |  |",
            "How to read it.",
            "(growth-steps.svg)")
        .doesNotContain("p99");
    assertThat(folder.resolve("growth-steps.svg")).content().startsWith("<svg");
  }

  @Test
  void nothingMeasuredLeavesThePageAlone() throws Exception {
    new GrowthReport(folder, folder).write();

    assertThat(Files.exists(folder.resolve("growth.md"))).isFalse();
  }
}
