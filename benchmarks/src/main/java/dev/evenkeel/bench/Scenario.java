package dev.evenkeel.bench;

/** A measurement that {@code bin/bench} runs by its name. */
interface Scenario {

  /** The first argument of {@code bin/bench}, and the name of the file with the results. */
  String name();

  /**
   * Whether its ratios are bounds rather than results: nothing is written, and a bound that is
   * missed makes {@code bin/bench} fail.
   */
  default boolean isGuard() {
    return false;
  }

  /** Measures; each round adds one value per name and metric. */
  void run(Options options, Results results) throws Exception;
}
