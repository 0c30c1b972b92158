package dev.evenkeel.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * {@code bin/bench}: runs one scenario, prints a table and, unless only parts were wanted, writes
 * the results.
 */
public final class BenchMain {

  private static final List<Scenario> SCENARIOS =
      List.of(
          new OutboxScenario(),
          new ShardScenario(),
          new SagaScenario(),
          new RemoteSagaScenario(),
          new SagaSearchScenario(),
          new KafkaScenario(),
          new FailoverScenario(),
          new PollingScenario(),
          new BloatScenario(),
          new PeersScenario(),
          new GuardScenario(),
          new GrowthScenario(),
          new JmhScenario(),
          new ReportScenario(),
          new ProfileScenario());

  private BenchMain() {}

  /**
   * The entry point; the working directory is the project's root.
   *
   * @param arguments scenario and options, as {@code bin/bench} documents them
   */
  public static void main(String[] arguments) throws Exception {
    Options options;
    Scenario scenario;
    try {
      options = Options.parse(List.of(arguments));
      scenario = find(options.scenario());
    } catch (IllegalArgumentException e) {
      System.err.println("bench: " + e.getMessage());
      System.exit(2);
      return;
    }
    Results results = new Results();
    scenario.run(options, results);
    if (!results.measurements().isEmpty()) {
      new ResultsTable(System.out).print(results);
    }
    if (!results.measurements().isEmpty() && options.parts().isEmpty() && !scenario.isGuard()) {
      Path file = new ResultsFile(options.results()).write(scenario.name(), results);
      System.out.printf("%n%s%n", file);
    }
    List<String> missed = scenario.isGuard() ? results.missed() : List.of();
    missed.forEach(
        sentence ->
            System.err.printf(
                "bench: %s of the bare reference; docs/benchmarks/README.md says what to do%n",
                sentence));
    // Debezium's and the pools' threads are not ours to wait for.
    System.exit(results.invalid().isEmpty() && missed.isEmpty() ? 0 : 1);
  }

  private static Scenario find(String name) {
    return SCENARIOS.stream()
        .filter(scenario -> scenario.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s is not a scenario; these are: %s"
                        .formatted(
                            name,
                            SCENARIOS.stream()
                                .map(Scenario::name)
                                .collect(Collectors.joining(", ")))));
  }
}
