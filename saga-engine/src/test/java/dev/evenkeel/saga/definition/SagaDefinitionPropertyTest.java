package dev.evenkeel.saga.definition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.StepKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Which graphs of steps are taken, beside the rules told in another way: by what could happen when
 * a saga runs and turns back.
 */
class SagaDefinitionPropertyTest {

  record Command(String id) {}

  /** One step as it is declared. */
  record Step(String name, StepKind kind, List<String> after) {}

  @Provide
  Arbitrary<List<Step>> graphs() {
    return Arbitraries.oneOf(any(), ordered());
  }

  /** Names that are missing or taken, cycles, kinds in any place. */
  private static Arbitrary<List<Step>> any() {
    Arbitrary<String> names = Arbitraries.integers().between(0, 5).map(n -> "s" + n);
    return Combinators.combine(names, Arbitraries.of(StepKind.class), names.list().ofMaxSize(3))
        .as(Step::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(6);
  }

  /** Each after some of those before, with a pivot somewhere, so that many of them are taken. */
  private static Arbitrary<List<Step>> ordered() {
    return Combinators.combine(
            Arbitraries.integers().between(1, 6),
            Arbitraries.integers().between(-1, 5),
            Arbitraries.integers().between(0, (1 << 15) - 1))
        .as(
            (size, pivot, edges) -> {
              List<Step> steps = new ArrayList<>();
              int bit = 0;
              for (int n = 0; n < size; n++) {
                List<String> after = new ArrayList<>();
                for (int before = 0; before < n; before++) {
                  if ((edges >> bit++ & 1) == 1) {
                    after.add("s" + before);
                  }
                }
                StepKind kind =
                    n == pivot
                        ? StepKind.PIVOT
                        : pivot >= 0 && n > pivot ? StepKind.RETRIABLE : StepKind.COMPENSATABLE;
                steps.add(new Step("s" + n, kind, after));
              }
              return steps;
            });
  }

  private static SagaDefinition built(List<Step> steps) {
    SagaBuilder<Command> saga =
        SagaBuilder.saga("of-a-test", 1, Command.class).key("id").shardKey("id");
    for (Step step : steps) {
      saga.step(
          step.name(),
          s -> {
            s.after(step.after().toArray(String[]::new)).kind(step.kind()).run(c -> null);
            if (step.kind() == StepKind.COMPENSATABLE) {
              s.nothingToUndo();
            }
          });
    }
    return saga.build();
  }

  /** The sets of steps that can be done at some moment, or null when no run can come to its end. */
  private static Set<Set<String>> moments(List<Step> steps) {
    Set<Set<String>> found = new HashSet<>();
    List<Set<String>> open = new ArrayList<>(List.of(Set.of()));
    while (!open.isEmpty()) {
      Set<String> done = open.remove(open.size() - 1);
      if (found.add(done)) {
        for (Step step : steps) {
          if (!done.contains(step.name()) && done.containsAll(step.after())) {
            Set<String> next = new HashSet<>(done);
            next.add(step.name());
            open.add(next);
          }
        }
      }
    }
    Set<String> all = steps.stream().map(Step::name).collect(Collectors.toSet());
    return found.contains(all) ? found : Set.of();
  }

  private static boolean isUsable(List<Step> steps) {
    Map<String, StepKind> kinds = new HashMap<>();
    steps.forEach(step -> kinds.put(step.name(), step.kind()));
    boolean named =
        kinds.size() == steps.size()
            && steps.stream()
                .allMatch(
                    step ->
                        kinds.keySet().containsAll(step.after())
                            && new HashSet<>(step.after()).size() == step.after().size());
    long pivots = kinds.values().stream().filter(kind -> kind == StepKind.PIVOT).count();
    Set<Set<String>> moments = named ? moments(steps) : Set.of();
    if (moments.isEmpty() || pivots > 1) {
      return false;
    }
    for (Set<String> done : moments) {
      boolean decided = done.stream().anyMatch(step -> kinds.get(step) == StepKind.PIVOT);
      for (Map.Entry<String, StepKind> step : kinds.entrySet()) {
        boolean isDone = done.contains(step.getKey());
        // What can't be undone must not be done while the saga may yet turn back...
        if (step.getValue() == StepKind.RETRIABLE && isDone && !decided) {
          return false;
        }
        // ...and what might be refused must not be open once it can't turn back any more.
        if (step.getValue() == StepKind.COMPENSATABLE && !isDone && decided) {
          return false;
        }
      }
    }
    return true;
  }

  @Property(tries = 3_000)
  void sagaIsTakenJustWhenItCanEndAndNeverHalfDone(@ForAll("graphs") List<Step> steps) {
    boolean usable = isUsable(steps);
    try {
      SagaDefinition definition = built(steps);
      assertThat(usable).isTrue();
      Set<String> before = new HashSet<>();
      for (StepDefinition step : definition.steps()) {
        assertThat(before).containsAll(step.after()).containsAll(step.ancestors());
        before.add(step.name());
      }
    } catch (SagaDefinitionException e) {
      assertThat(usable).as("%s", e.getMessage()).isFalse();
      assertThat(e.mistakes()).isNotEmpty().allMatch(sentence -> sentence.startsWith("saga \""));
    }
  }

  @Property(tries = 300)
  void orderOfDeclarationIsOfNoConsequence(@ForAll("graphs") List<Step> steps) {
    List<Step> reversed = new ArrayList<>(steps);
    Collections.reverse(reversed);
    assertThat(isTaken(reversed)).isEqualTo(isTaken(steps));
  }

  private static boolean isTaken(List<Step> steps) {
    try {
      built(steps);
      return true;
    } catch (SagaDefinitionException e) {
      return false;
    }
  }
}
