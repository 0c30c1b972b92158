package dev.evenkeel.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the rounds of a scenario measured, in the order in which it was first added. One thread. */
final class Results {

  private record Key(String name, String metric, String unit) {}

  private final Map<Key, List<Double>> values = new LinkedHashMap<>();
  private final Map<String, List<Double>> ratios = new LinkedHashMap<>();
  private final Map<String, Target> targets = new LinkedHashMap<>();
  private final List<String> invalid = new ArrayList<>();

  /**
   * One line of the results.
   *
   * @param name what was measured, such as {@code endToEnd/reference}
   * @param rounds how many values the median is of
   */
  record Measurement(
      String name, String metric, String unit, double median, double min, double max, int rounds) {}

  /**
   * What a ratio should be.
   *
   * @param least whether the bound is the least allowed, rather than the most
   */
  record Target(boolean least, double bound) {

    static Target atLeast(double bound) {
      return new Target(true, bound);
    }

    static Target atMost(double bound) {
      return new Target(false, bound);
    }

    boolean isMetBy(double ratio) {
      return least ? ratio >= bound : ratio <= bound;
    }

    @Override
    public String toString() {
      return (least ? ">= " : "<= ") + bound;
    }
  }

  /** Adds one round's value. */
  void add(String name, String metric, String unit, double value) {
    values.computeIfAbsent(new Key(name, metric, unit), key -> new ArrayList<>()).add(value);
  }

  /** Adds one round's ratio; the two values are of the same round, so that drift cancels out. */
  void addRatio(String name, double value) {
    ratios.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
  }

  /** Says what a ratio should be; shown beside it. */
  void target(String ratio, Target target) {
    targets.put(ratio, target);
  }

  /** Marks the whole run as not to be used. */
  void invalidate(String because) {
    invalid.add(because);
  }

  List<Measurement> measurements() {
    List<Measurement> result = new ArrayList<>();
    values.forEach(
        (key, of) ->
            result.add(
                new Measurement(
                    key.name(),
                    key.metric(),
                    key.unit(),
                    median(of),
                    of.stream().mapToDouble(v -> v).min().orElseThrow(),
                    of.stream().mapToDouble(v -> v).max().orElseThrow(),
                    of.size())));
    return result;
  }

  /** The median of the rounds' ratios, by name. */
  Map<String, Double> ratios() {
    Map<String, Double> result = new LinkedHashMap<>();
    ratios.forEach((name, of) -> result.put(name, median(of)));
    return result;
  }

  @Nullable Target targetOf(String ratio) {
    return targets.get(ratio);
  }

  /** Why the run is not to be used; empty when it is. */
  List<String> invalid() {
    return List.copyOf(invalid);
  }

  private static double median(List<Double> of) {
    double[] sorted = of.stream().mapToDouble(v -> v).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
