package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.StepKind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the pivot asks of the other steps. Turning back closes the graph up to the pivot: a
 * compensatable step beside or behind it might take effect after the decision, and a retriable one
 * beside it might when all else is undone. Without a pivot a saga can turn back until its end, so
 * every step must be compensatable.
 */
final class PivotRules {

  private final StepGraph graph;
  private final Mistakes mistakes;
  private final List<StepBuilder<?>> pivots;

  PivotRules(StepGraph graph, Mistakes mistakes) {
    this.graph = graph;
    this.mistakes = mistakes;
    this.pivots =
        graph.inOrder().stream()
            .<StepBuilder<?>>mapMulti(
                (step, pivot) -> {
                  if (step instanceof StepBuilder<?> action && action.kind() == StepKind.PIVOT) {
                    pivot.accept(action);
                  }
                })
            .toList();
  }

  void check() {
    if (pivots.size() > 1) {
      mistakes.add(
          "it must have one pivot at most, was %s"
              .formatted(pivots.stream().map(p -> "\"" + p.name + "\"").toList()));
      return; // which of them the others stand to, nobody knows
    }
    StepBuilder<?> pivot = pivots.isEmpty() ? null : pivots.get(0);
    for (StepDraft step : graph.inOrder()) {
      if (step instanceof AwaitBuilder await) {
        check(await, pivot);
      } else if (step instanceof StepBuilder<?> action && action != pivot) {
        check(action, pivot);
      }
    }
  }

  private void check(AwaitBuilder await, @Nullable StepBuilder<?> pivot) {
    if (pivot != null && await.mayTurnBack() && !graph.isAncestor(await, pivot)) {
      mistakes
          .step(await.name)
          .add(
              ("it can't turn the saga back on its timeout, for the pivot \"%s\" does not come after"
                      + " it; use CONTINUE or await before the pivot")
                  .formatted(pivot.name));
    }
  }

  private void check(StepBuilder<?> step, @Nullable StepBuilder<?> pivot) {
    Mistakes ofStep = mistakes.step(step.name);
    if (step.kind() == StepKind.RETRIABLE) {
      if (pivot == null) {
        ofStep.add("a retriable step must come after a pivot, but the saga has none");
      } else if (!graph.isAncestor(pivot, step)) {
        ofStep.add("a retriable step must come after the pivot \"%s\"".formatted(pivot.name));
      }
    } else if (pivot != null && !graph.isAncestor(step, pivot)) {
      ofStep.add(
          "a compensatable step must come before the pivot \"%s\", directly or through other steps"
              .formatted(pivot.name));
    }
  }
}
