package dev.evenkeel.bench;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * The arguments of {@code bin/bench}.
 *
 * @param scenario which one
 * @param rounds how often everything is measured, 1 to 100; default 3, and 20 for {@code failover},
 *     where a round is a kill
 * @param duration how long writers write in each measurement of throughput, 1 s to 10 min; default
 *     10 s, and 90 s for {@code bloat}
 * @param parts what to measure of the scenario; empty means all of it
 */
record Options(String scenario, int rounds, Duration duration, Set<String> parts) {

  private static final int ROUNDS = 3;
  private static final int KILLS = 20;
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
    int rounds = scenario.equals(FailoverScenario.NAME) ? KILLS : ROUNDS;
    Duration duration =
        scenario.equals(BloatScenario.NAME) ? BloatScenario.DURATION : Duration.ofSeconds(10);
    Options options = new Options(scenario, rounds, duration, Set.of());
    for (int i = 1; i < arguments.size(); i += 2) {
      if (i + 1 == arguments.size()) {
        throw new IllegalArgumentException(arguments.get(i) + " needs a value");
      }
      options = options.with(arguments.get(i), arguments.get(i + 1));
    }
    return options;
  }

  private Options with(String option, String value) {
    return switch (option) {
      case "--rounds" -> new Options(scenario, number(option, value, MAX_ROUNDS), duration, parts);
      case "--seconds" ->
          new Options(
              scenario, rounds, Duration.ofSeconds(number(option, value, MAX_SECONDS)), parts);
      case "--parts" -> new Options(scenario, rounds, duration, Set.of(value.split(",", -1)));
      default ->
          throw new IllegalArgumentException(
              option + " is not an option; these are: --rounds, --seconds, --parts");
    };
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
