package dev.evenkeel.bench;

/**
 * One thing that grows.
 *
 * @param name the part of {@link GrowthScenario}; results are named {@code <part>/<x>/<series>}
 */
record GrowthPart(String name, Measure measure) {

  /** Measures all points of all series, for some rounds. */
  interface Measure {
    void run(Options options, Results results) throws Exception;
  }

  /** The name of a point in results. */
  static String point(String part, long x, String series) {
    return part + "/" + x + "/" + series;
  }
}
