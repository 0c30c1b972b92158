package dev.evenkeel.testing.saga;

import dev.evenkeel.saga.SagaSimulation.Action;
import dev.evenkeel.saga.SagaSimulation.Moment;
import dev.evenkeel.saga.SagaSimulation.Point;
import dev.evenkeel.saga.SagaSimulation.Verb;
import dev.evenkeel.saga.StepKind;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.AwaitStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Everything that can go wrong with a saga, made up from its definition alone.
 *
 * <p>First the saga is turned back in every way: each step refuses, fails for good, meets the
 * deadline or a cancel. These ways and the one on which nothing happens are gone once, to see which
 * points they pass. Then, at each point where it is passed first: crashes before and after each
 * commit, two processes at once, failing attempts and compensations, commands and replies that come
 * twice, late and too late. So their number grows with the steps and items of the command, not with
 * their combinations.
 */
public final class SagaCases {

  /** Most ways through a saga: about four for each step and item up to the pivot. */
  public static final int MAX_WAYS = 200;

  private static final int MOST_ATTEMPTS = 20;
  private static final int SOME_ATTEMPTS = 2;
  private static final Consumer<Setup> NOTHING = setup -> {};

  /** What is set up for a case. */
  private record Setup(SagaTestKit kit, Interference script) {}

  /** Events that the saga is sent. */
  private enum Signals {
    /** When it waits for them. */
    IN_TIME,
    /** Before it begins. */
    EARLY,
    /** Before it begins, and again when it waits. */
    TWICE,
    /** Never. */
    NONE
  }

  /** A way through the saga. */
  private record Way(String name, Signals signals, Consumer<Setup> setup) {

    /** Without a judgement; the script knows then which points were passed. */
    SagaOutcome run(SagaScenario scenario, Interference script) {
      SagaTestKit kit = SagaTestKit.of(scenario, script);
      setup.accept(new Setup(kit, script));
      kit.start();
      if (signals == Signals.EARLY || signals == Signals.TWICE) {
        scenario.signals().forEach(kit::signal);
      }
      return kit.runToEnd(
          signals == Signals.IN_TIME || signals == Signals.TWICE ? scenario.signals() : List.of());
    }
  }

  private final Supplier<? extends SagaScenario> scenarios;
  private final SagaDefinition definition;
  private final List<Way> ways = new ArrayList<>();
  private final List<SagaCase> cases = new ArrayList<>();

  private SagaCases(Supplier<? extends SagaScenario> scenarios) {
    this.scenarios = scenarios;
    this.definition = SagaTestKit.definition(scenarios.get().saga());
  }

  /**
   * Makes up the cases of a scenario.
   *
   * @param scenarios a new one at each call
   * @throws IllegalStateException if its saga has more than {@link #MAX_WAYS} ways
   */
  public static List<SagaCase> of(Supplier<? extends SagaScenario> scenarios) {
    return new SagaCases(scenarios).make();
  }

  private List<SagaCase> make() {
    Way plain = new Way("", Signals.IN_TIME, NOTHING);
    ways.add(plain);
    Set<Point> points = pointsOf(plain);
    points.stream().filter(p -> p.moment() == Moment.ATTEMPT).forEach(this::turns);
    awaits();
    if (ways.size() > MAX_WAYS) {
      throw new IllegalStateException(
          "Saga \"%s\" can turn back in %d ways, at most %d are allowed; give its command fewer items"
              .formatted(definition.name(), ways.size(), MAX_WAYS));
    }
    add("nothing happens", plain);
    add(
        "of steps that can run, the last one runs first",
        plain.signals(),
        s -> s.kit().newestFirst());
    if (!scenarios.get().participants().isEmpty()) {
      add("participants in this process", plain.signals(), s -> s.kit().inProcess());
    }
    ways.stream().skip(1).forEach(way -> add(way.name(), way));
    Set<Point> seen = new HashSet<>();
    for (Way way : ways) {
      for (Point point : pointsOf(way)) {
        if (seen.add(point)) {
          disturb(way, point);
        }
      }
    }
    return List.copyOf(cases);
  }

  private Set<Point> pointsOf(Way way) {
    Interference script = new Interference();
    way.run(scenarios.get(), script);
    return script.points();
  }

  // ---- ways

  private void turns(Point at) {
    if (!(definition.find(at.step()) instanceof ActionStep step)) {
      return;
    }
    String name = Interference.text(at);
    if (step.kind() == StepKind.RETRIABLE) {
      return;
    }
    if (mayRefuse(step)) {
      way(name + " refused", s -> s.script().once(at, Action.REFUSE));
    }
    int attempts = step.retry().maxAttempts();
    if (attempts <= MOST_ATTEMPTS) {
      way(name + " fails for good", s -> s.script().at(at, 1, attempts, Action.FAIL));
    }
    way(
        "cancelled at " + name,
        s ->
            s.script()
                .before(at, Action.GO, () -> s.kit().simulation().cancel("the test says so")));
    Duration deadline = definition.deadline();
    if (deadline != null) {
      way(
          "the deadline passes at " + name,
          s -> s.script().before(at, Action.GO, () -> s.kit().simulation().pass(deadline)));
    }
  }

  /** Somebody else may always say no. */
  private static boolean mayRefuse(ActionStep step) {
    return step.execution().isDelegated() || !step.retry().refusals().isEmpty();
  }

  private void awaits() {
    List<StepDefinition> awaits =
        definition.steps().stream()
            .filter(AwaitStep.class::isInstance)
            .filter(step -> step.isWanted(scenarios.get().command()))
            .toList();
    if (awaits.isEmpty()) {
      return;
    }
    ways.add(new Way("events come early", Signals.EARLY, NOTHING));
    ways.add(new Way("events come twice", Signals.TWICE, NOTHING));
    boolean ends =
        definition.deadline() != null
            || awaits.stream().allMatch(step -> ((AwaitStep) step).timeout() != null);
    if (ends) {
      ways.add(new Way("no event comes", Signals.NONE, NOTHING));
    }
  }

  private void way(String name, Consumer<Setup> setup) {
    ways.add(new Way(name, Signals.IN_TIME, setup));
  }

  // ---- what happens on them

  private void disturb(Way way, Point point) {
    String name = Interference.text(point);
    switch (point.moment()) {
      case BEFORE_COMMIT -> also(way, "crash before the commit of " + name, point, Action.CRASH);
      case AFTER_COMMIT -> also(way, "crash after the commit of " + name, point, Action.CRASH);
      case COMMAND, REPLY -> {
        String message = (point.moment() == Moment.COMMAND ? "command of " : "reply to ") + name;
        also(way, message + " comes twice", point, Action.DUPLICATE);
        also(way, message + " comes late", point, Action.DELAY);
        also(way, message + " comes too late", point, Action.DELAY_LONG);
      }
      case ATTEMPT -> attempt(way, point, name);
    }
  }

  private void attempt(Way way, Point point, String name) {
    if (point.verb() != Verb.FENCE) {
      also(
          way,
          "%s fails %d times".formatted(name, SOME_ATTEMPTS),
          s -> s.script().at(point, 1, SOME_ATTEMPTS, Action.FAIL));
    }
    if (!isLocal(point)) {
      also(way, "crash in " + name, point, Action.CRASH);
      return;
    }
    also(
        way,
        "two processes at %s, the former one is first".formatted(name),
        s -> {
          s.script().once(point, Action.STALL);
          s.script().at(point, 2, 1, Action.RELEASE);
        });
    also(
        way,
        "two processes at %s, the former one is last".formatted(name),
        point,
        Action.STALL); // it goes on when the saga has ended
    if (point.verb() == Verb.DO && !isRetriable(point)) {
      Point fence = new Point(Moment.ATTEMPT, Verb.FENCE, point.step(), point.item());
      cancelled(
          way,
          point,
          "two processes at %s, the former one is first, and a cancel".formatted(name),
          fence);
      cancelled(
          way,
          point,
          "two processes at %s, the former one is last, and a cancel".formatted(name),
          null);
    }
  }

  private void cancelled(
      Way way, Point point, String name, @org.jspecify.annotations.Nullable Point release) {
    also(
        way,
        name,
        s -> {
          s.script()
              .before(point, Action.STALL, () -> s.kit().simulation().cancel("the test says so"));
          if (release != null) {
            s.script().once(release, Action.RELEASE);
          }
        });
  }

  private boolean isRetriable(Point point) {
    return definition.find(point.step()) instanceof ActionStep step
        && step.kind() == StepKind.RETRIABLE;
  }

  private boolean isLocal(Point point) {
    return definition.find(point.step()) instanceof ActionStep step
        && !step.execution().isDelegated();
  }

  private void also(Way way, String name, Point point, Action action) {
    also(way, name, s -> s.script().once(point, action));
  }

  /** Besides what makes the way; the first rule of a point counts. */
  private void also(Way way, String name, Consumer<Setup> setup) {
    add(
        way.name().isEmpty() ? name : name + ", when " + way.name(),
        way.signals(),
        s -> {
          way.setup().accept(s);
          setup.accept(s);
        });
  }

  private void add(String name, Way way) {
    add(name, way.signals(), way.setup());
  }

  private void add(String name, Signals signals, Consumer<Setup> setup) {
    Way way = new Way(name, signals, setup);
    cases.add(new SagaCase(name, scenarios, scenario -> way.run(scenario, new Interference())));
  }
}
