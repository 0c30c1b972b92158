package dev.evenkeel.testing.saga;

import dev.evenkeel.saga.SagaSimulation.Action;
import dev.evenkeel.saga.SagaSimulation.Moment;
import dev.evenkeel.saga.SagaSimulation.Point;
import dev.evenkeel.saga.SagaSimulation.Script;
import dev.evenkeel.saga.SagaSimulation.Verb;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a test has happen, and the points that were passed. */
final class Interference implements Script {

  /**
   * Interferes at a point.
   *
   * @param from which time that the point is passed, from 1
   * @param times how often from then on
   * @param before what happens besides, first
   */
  private record Rule(Point point, int from, int times, Action action, Runnable before) {}

  private static final Runnable NOTHING = () -> {};

  private final List<Rule> rules = new ArrayList<>();
  private final Map<Point, Integer> passed = new HashMap<>();
  private final Set<Point> points = new LinkedHashSet<>();

  void at(Point point, int from, int times, Action action) {
    rules.add(new Rule(point, from, times, action, NOTHING));
  }

  void once(Point point, Action action) {
    at(point, 1, 1, action);
  }

  void before(Point point, Action action, Runnable before) {
    rules.add(new Rule(point, 1, 1, action, before));
  }

  /** In the order in which they were passed first. */
  Set<Point> points() {
    return points;
  }

  @Override
  public Action at(Point point) {
    points.add(point);
    int number = passed.merge(point, 1, Integer::sum);
    for (Rule rule : rules) {
      if (rule.point().equals(point)
          && number >= rule.from()
          && number - rule.from() < rule.times()) {
        rule.before().run();
        return rule.action();
      }
    }
    return Action.GO;
  }

  /** {@code step} or {@code step/item}. */
  static Point point(Moment moment, Verb verb, String key) {
    int slash = key.lastIndexOf('/');
    return slash < 0
        ? new Point(moment, verb, key, 0)
        : new Point(
            moment, verb, key.substring(0, slash), Integer.parseInt(key.substring(slash + 1)));
  }

  /** For people. */
  static String text(Point point) {
    String key = point.step() + "/" + point.item();
    return switch (point.verb()) {
      case DO -> key;
      case FENCE -> "fence " + key;
      case UNDO -> "undo " + key;
      case REFUSE -> "refusal of " + key;
      case WRITE -> "write of " + point.step();
    };
  }
}
