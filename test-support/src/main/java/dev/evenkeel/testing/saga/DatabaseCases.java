package dev.evenkeel.testing.saga;

import dev.evenkeel.saga.StepKind;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import dev.evenkeel.testing.saga.DatabaseRun.Disturbance;
import dev.evenkeel.testing.saga.DatabaseRun.What;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The cases that can be had on a database, where nobody can stop time or a message. */
final class DatabaseCases {

  private static final int MOST_ATTEMPTS = 20;

  private DatabaseCases() {}

  static List<SagaCase> of(Supplier<? extends SagaScenario> scenarios, DatabaseRun database) {
    SagaDefinition definition = SagaTestKit.definition(scenarios.get().saga());
    Object command = scenarios.get().command();
    List<SagaCase> cases = new ArrayList<>();
    add(cases, scenarios, database, "nothing happens", null, null);
    add(
        cases,
        scenarios,
        database,
        "started twice",
        null,
        new Disturbance(What.START_TWICE, "", false, 1));
    String last = null;
    for (StepDefinition step : definition.steps()) {
      if (step instanceof ActionStep action && action.isWanted(command)) {
        String name = step.name();
        disturb(cases, scenarios, database, name, false, null);
        if (action.kind() != StepKind.RETRIABLE) {
          add(
              cases,
              scenarios,
              database,
              "cancelled at " + name,
              null,
              new Disturbance(What.CANCEL, name, false, 1));
          last = action.retry().maxAttempts() <= MOST_ATTEMPTS ? name : last;
        }
      }
    }
    if (last != null) {
      Disturbance turn = new Disturbance(What.FAIL, last, false, Integer.MAX_VALUE);
      for (StepDefinition step : definition.steps()) {
        if (step instanceof ActionStep action
            && action.compensation() != null
            && action.isWanted(command)) {
          disturb(cases, scenarios, database, step.name(), true, turn);
        }
      }
    }
    return cases;
  }

  private static void disturb(
      List<SagaCase> cases,
      Supplier<? extends SagaScenario> scenarios,
      DatabaseRun database,
      String step,
      boolean undo,
      @Nullable Disturbance turn) {
    String name = undo ? "undo " + step : step;
    add(
        cases,
        scenarios,
        database,
        name + " fails 2 times",
        turn,
        new Disturbance(What.FAIL, step, undo, 2));
    add(
        cases,
        scenarios,
        database,
        "crash before the commit of " + name,
        turn,
        new Disturbance(What.CRASH_BEFORE, step, undo, 1));
    add(
        cases,
        scenarios,
        database,
        "crash after the commit of " + name,
        turn,
        new Disturbance(What.CRASH_AFTER, step, undo, 1));
  }

  private static void add(
      List<SagaCase> cases,
      Supplier<? extends SagaScenario> scenarios,
      DatabaseRun database,
      String name,
      @Nullable Disturbance turn,
      @Nullable Disturbance what) {
    List<Disturbance> all = new ArrayList<>();
    if (turn != null) {
      all.add(turn);
    }
    if (what != null) {
      all.add(what);
    }
    String text = turn == null ? name : "%s, when %s fails for good".formatted(name, turn.step());
    cases.add(new SagaCase(text + ", on a database", scenarios, s -> database.run(s, all)));
  }
}
