package dev.evenkeel.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the rounds of a scenario measured, in the order in which it was first added. One thread. */
final class Results {

  private record Key(String name, String metric, String unit) {}

  private final Map<Key, List<Double>> values = new LinkedHashMap<>();
  private final Map<String, List<Double>> ratios = new LinkedHashMap<>();
  private final Map<String, List<Double>> figures = new LinkedHashMap<>();
  private final Map<String, Target> targets = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> settings = new LinkedHashMap<>();
  private final List<String> remarks = new ArrayList<>();
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
   * What a ratio or a figure should be.
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

    boolean isMetBy(double value) {
      return least ? value >= bound : value <= bound;
    }

    @Override
    public String toString() {
      String number =
          bound >= 1_000 ? String.format(Locale.ROOT, "%,.0f", bound) : String.valueOf(bound);
      return (least ? ">= " : "<= ") + number;
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

  /** Adds one value of what has a target and is no ratio; its name says the unit. */
  void addFigure(String name, double value) {
    figures.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
  }

  /** Says what a ratio or a figure should be; shown beside it. */
  void target(String name, Target target) {
    targets.put(name, target);
  }

  /** Says how something that is measured is set up; replaces what was said of it before. */
  void settings(String of, Map<String, String> values) {
    settings.put(of, new TreeMap<>(values));
  }

  /** Says in one sentence how numbers are to be read; goes wherever they go. */
  void remark(String sentence) {
    remarks.add(sentence);
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
    return medians(ratios);
  }

  /** The median of each figure's values, by name. */
  Map<String, Double> figures() {
    return medians(figures);
  }

  @Nullable Target targetOf(String name) {
    return targets.get(name);
  }

  /** Ratios and figures that are not as they should be, a sentence each. */
  List<String> missed() {
    List<String> sentences = new ArrayList<>();
    targets.forEach(
        (name, target) -> {
          Double value = ratios().containsKey(name) ? ratios().get(name) : figures().get(name);
          if (value != null && !target.isMetBy(value)) {
            sentences.add(
                String.format(Locale.ROOT, "%s must be %s, was %.3f", name, target, value));
          }
        });
    return sentences;
  }

  /** How what is measured is set up, by name. */
  Map<String, Map<String, String>> settings() {
    return settings;
  }

  /** How the numbers are to be read. */
  List<String> remarks() {
    return List.copyOf(remarks);
  }

  /** Why the run is not to be used; empty when it is. */
  List<String> invalid() {
    return List.copyOf(invalid);
  }

  private static Map<String, Double> medians(Map<String, List<Double>> values) {
    Map<String, Double> result = new LinkedHashMap<>();
    values.forEach((name, of) -> result.put(name, median(of)));
    return result;
  }

  private static double median(List<Double> of) {
    double[] sorted = of.stream().mapToDouble(v -> v).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
