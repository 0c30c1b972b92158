package dev.evenkeel.testing.saga;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One thing that can go wrong with a saga, or several that belong together. Repeats exactly. Made
 * by {@link SagaCases}.
 */
public final class SagaCase {

  private final String name;
  private final Supplier<? extends SagaScenario> scenarios;
  private final Function<SagaScenario, SagaOutcome> runner;

  SagaCase(
      String name,
      Supplier<? extends SagaScenario> scenarios,
      Function<SagaScenario, SagaOutcome> runner) {
    this.name = name;
    this.scenarios = scenarios;
    this.runner = runner;
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
    SagaOutcome end = runner.apply(scenario);
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

  @Override
  public String toString() {
    return name;
  }
}
