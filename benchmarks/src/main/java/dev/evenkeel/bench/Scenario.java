package dev.evenkeel.bench;

/** A measurement that {@code bin/bench} runs by its name. */
interface Scenario {

  /** The first argument of {@code bin/bench}, and the name of the file with the results. */
  String name();

  /** Measures; each round adds one value per name and metric. */
  void run(Options options, Results results) throws Exception;
}
