package dev.evenkeel.testing.saga;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One thing that can go wrong with a saga, or several that belong together. Repeats exactly. Made
 * by {@link SagaCases}.
 */
public final class SagaCase {

  /** What is set up for a case. */
  record Setup(SagaTestKit kit, Interference script) {}

  /** Events that the saga is sent. */
  enum Signals {
    /** When it waits for them. */
    IN_TIME,
    /** Before it begins. */
    EARLY,
    /** Before it begins, and again when it waits. */
    TWICE,
    /** Never. */
    NONE
  }

  private final String name;
  private final Supplier<? extends SagaScenario> scenarios;
  private final Signals signals;
  private final Consumer<Setup> setup;

  SagaCase(
      String name,
      Supplier<? extends SagaScenario> scenarios,
      Signals signals,
      Consumer<Setup> setup) {
    this.name = name;
    this.scenarios = scenarios;
    this.signals = signals;
    this.setup = setup;
  }

  /** What happens in it. */
  public String name() {
    return name;
  }

  /**
   * Runs it and judges its end.
   *
   * @throws AssertionError with everything that is wrong and what had happened, if anything is
   */
  public SagaOutcome run() {
    SagaScenario scenario = scenarios.get();
    SagaOutcome end = run(scenario, new Interference());
    List<String> faults = new ArrayList<>(end.faults());
    Throwable cause = null;
    if (!end.isEnded()) {
      faults.add(
          "it does not end: it is %s%s"
              .formatted(
                  end.state(),
                  end.trouble() == null ? ", and nothing will move it on" : ", " + end.trouble()));
    }
    if (faults.isEmpty()) { // before it has ended, invariants need not hold
      scenario.heldLocks().forEach(lock -> faults.add("%s is held after the end".formatted(lock)));
      try {
        scenario.invariants(end);
      } catch (AssertionError | RuntimeException e) {
        cause = e;
        faults.add(String.valueOf(e.getMessage()));
      }
    }
    if (!faults.isEmpty()) {
      throw new AssertionError(report(end, faults), cause);
    }
    return end;
  }

  private String report(SagaOutcome end, List<String> faults) {
    return "%s: %s%nEffects: %s%nWhat happened:%n  %s"
        .formatted(
            name,
            String.join("; ", faults),
            end.effects(),
            String.join(System.lineSeparator() + "  ", end.history()));
  }

  /** Without a judgement; the script knows the points that were passed. */
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

  @Override
  public String toString() {
    return name;
  }
}
