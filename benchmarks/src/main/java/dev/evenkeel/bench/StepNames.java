package dev.evenkeel.bench;

import java.util.List;

/** What the steps of measured sagas are called. */
final class StepNames {

  /** Of sagas that are not about their number of steps. */
  static final int USUAL = 3;

  private static final List<String> ALL =
      List.of(
          "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
          "tenth");

  private StepNames() {}

  /**
   * The first names.
   *
   * @param steps 1 to 10
   */
  static List<String> of(int steps) {
    return ALL.subList(0, steps);
  }
}
