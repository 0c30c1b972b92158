package dev.evenkeel.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * The arguments of {@code bin/bench}.
 *
 * @param scenario which one
 * @param rounds how often everything is measured, 1 to 100; default 3, and 20 for {@code failover},
 *     where a round is a kill, and 2 for {@code growth}
 * @param duration how long writers write in each measurement of throughput, 1 s to 10 min; default
 *     10 s, 90 s for {@code bloat}, 4 s for {@code guard}, 3 s for {@code growth}
 * @param parts what to measure of the scenario; empty means all of it
 * @param results the folder for the results; default {@code benchmarks/results}
 * @param halved whether {@code guard} lets ours do its work twice, to show that it would notice
 * @param most points of {@code growth} beyond it are left out, where a backlog or ended sagas grow;
 *     default 10,000,000, which needs 40 GB of disk
 */
record Options(
    String scenario,
    int rounds,
    Duration duration,
    Set<String> parts,
    Path results,
    boolean halved,
    int most) {

  private static final Path RESULTS = Path.of("benchmarks", "results");
  private static final String HALVED = "--halved";
  private static final int ROUNDS = 3;
  private static final int KILLS = 20;
  private static final int MOST = 10_000_000;
  private static final int MAX_ROUNDS = 100;
  private static final int MAX_SECONDS = 600;

  /**
   * Reads the command line.
   *
   * @throws IllegalArgumentException saying in one sentence what is wrong
   */
  static Options parse(List<String> arguments) {
    if (arguments.isEmpty()) {
      throw new IllegalArgumentException("name a scenario");
    }
    String scenario = arguments.get(0);
    Options options =
        new Options(
            scenario,
            usualRounds(scenario),
            usualDuration(scenario),
            Set.of(),
            RESULTS,
            false,
            MOST);
    for (int i = 1; i < arguments.size(); i++) {
      String option = arguments.get(i);
      if (option.equals(HALVED)) {
        options = options.withHalved();
      } else if (i == 1 && scenario.equals(JmhScenario.NAME) && !option.startsWith("--")) {
        options = options.with("--parts", option); // JMH's patterns
      } else if (i + 1 == arguments.size()) {
        throw new IllegalArgumentException(option + " needs a value");
      } else {
        i++;
        options = options.with(option, arguments.get(i));
      }
    }
    return options;
  }

  private static int usualRounds(String scenario) {
    return switch (scenario) {
      case FailoverScenario.NAME -> KILLS;
      case GrowthScenario.NAME -> GrowthScenario.ROUNDS;
      default -> ROUNDS;
    };
  }

  private static Duration usualDuration(String scenario) {
    return switch (scenario) {
      case BloatScenario.NAME -> BloatScenario.DURATION;
      case GuardScenario.NAME -> GuardScenario.DURATION;
      case GrowthScenario.NAME -> GrowthScenario.DURATION;
      default -> Duration.ofSeconds(10);
    };
  }

  private Options withHalved() {
    return new Options(scenario, rounds, duration, parts, results, true, most);
  }

  private Options with(String option, String value) {
    return switch (option) {
      case "--rounds" ->
          new Options(
              scenario, number(option, value, MAX_ROUNDS), duration, parts, results, halved, most);
      case "--seconds" ->
          new Options(
              scenario,
              rounds,
              Duration.ofSeconds(number(option, value, MAX_SECONDS)),
              parts,
              results,
              halved,
              most);
      case "--parts" ->
          new Options(
              scenario, rounds, duration, Set.of(value.split(",", -1)), results, halved, most);
      case "--results" ->
          new Options(scenario, rounds, duration, parts, Path.of(value), halved, most);
      case "--most" ->
          new Options(
              scenario, rounds, duration, parts, results, halved, number(option, value, MOST));
      default ->
          throw new IllegalArgumentException(
              option
                  + " is not an option; these are: --rounds, --seconds, --parts, --results, --halved, --most");
    };
  }

  /** The usual time to warm up, or less where a short duration shows that this is a trial. */
  Duration warmUp(Duration usual) {
    Duration twice = duration.multipliedBy(2);
    return twice.compareTo(usual) < 0 ? twice : usual;
  }

  /** Whether a part of the scenario is wanted. */
  boolean wants(String part) {
    return parts.isEmpty() || parts.contains(part);
  }

  private static int number(String option, String value, int max) {
    try {
      int number = Integer.parseInt(value);
      if (number >= 1 && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(outOfRange(option, value, max), e);
    }
    throw new IllegalArgumentException(outOfRange(option, value, max));
  }

  private static String outOfRange(String option, String value, int max) {
    return "%s must be between 1 and %d, was %s".formatted(option, max, value);
  }
}
