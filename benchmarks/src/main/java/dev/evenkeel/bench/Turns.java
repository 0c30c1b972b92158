package dev.evenkeel.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;

/**
 * Variants that are measured in turns of a second, forwards and backwards, so that whatever drifts
 * or disturbs touches all of them alike: small differences need that.
 */
final class Turns {

  private static final Duration TURN = Duration.ofSeconds(1);

  private Turns() {}

  /** Puts load on one variant. */
  interface Measure<V, L> {
    L load(V variant, Duration duration) throws Exception;
  }

  /**
   * Takes the turns.
   *
   * @param each how long each variant is measured, in whole seconds
   * @return the sum of each variant's turns
   */
  static <V> Map<V, Load> take(List<V> variants, Duration each, Measure<V, Load> measure)
      throws Exception {
    return take(variants, each, measure, Load::plus);
  }

  /** {@link #take(List, Duration, Measure)} for another kind of load. */
  static <V, L> Map<V, L> take(
      List<V> variants, Duration each, Measure<V, L> measure, BinaryOperator<L> plus)
      throws Exception {
    Map<V, L> sums = new LinkedHashMap<>();
    List<V> order = new ArrayList<>(variants);
    for (long turn = 0; turn < each.toSeconds(); turn++) {
      for (V variant : order) {
        sums.merge(variant, measure.load(variant, TURN), plus);
      }
      Collections.reverse(order);
    }
    return sums;
  }
}
