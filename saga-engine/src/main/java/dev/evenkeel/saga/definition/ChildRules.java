package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.StepKind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a step that is a saga of its own asks of that saga: it is known here, started by the step's
 * command, no ancestor of itself, and can turn back for as long as the step can be undone.
 */
final class ChildRules {

  private ChildRules() {}

  /** The mistakes, each as a sentence. */
  static List<String> check(SagaDefinitions definitions) {
    List<String> mistakes = new ArrayList<>();
    for (SagaDefinition saga : definitions.all()) {
      for (StepDefinition step : saga.steps()) {
        if (step instanceof ActionStep action
            && action.execution() instanceof Execution.Child child) {
          String where = "saga \"%s\", step \"%s\": ".formatted(saga, step.name());
          Optional<SagaDefinition> found = definitions.newest(child.saga());
          if (found.isEmpty()) {
            mistakes.add(
                "%sits child must be a saga of this process, was \"%s\""
                    .formatted(where, child.saga()));
            continue;
          }
          SagaDefinition of = found.get();
          if (of.commandType() != child.command()) {
            mistakes.add(
                "%sits child \"%s\" is started by a %s, and the step makes a %s"
                    .formatted(
                        where,
                        child.saga(),
                        of.commandType().getName(),
                        child.command().getName()));
          }
          if (action.kind() == StepKind.COMPENSATABLE && of.pivot() != null) {
            mistakes.add(
                "%sits child \"%s\" must have no pivot, for the step can be undone after it has completed"
                    .formatted(where, child.saga()));
          }
          if (reaches(definitions, of, saga.name(), new HashSet<>())) {
            mistakes.add(
                "%sits child \"%s\" must not lead back to its parent"
                    .formatted(where, child.saga()));
          }
        }
      }
    }
    return mistakes;
  }

  private static boolean reaches(
      SagaDefinitions definitions, SagaDefinition from, String saga, Set<String> seen) {
    if (from.name().equals(saga)) {
      return true;
    }
    return seen.add(from.name())
        && from.steps().stream()
            .filter(ActionStep.class::isInstance)
            .map(step -> ((ActionStep) step).execution())
            .filter(Execution.Child.class::isInstance)
            .map(child -> definitions.newest(((Execution.Child) child).saga()))
            .flatMap(Optional::stream)
            .anyMatch(child -> reaches(definitions, child, saga, seen));
  }
}
