package dev.evenkeel.saga.definition;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StepGraphTest {

  static IntStream seeds() {
    return IntStream.range(0, 100);
  }

  private static Map<String, StepDraft> graph(Map<String, List<String>> after) {
    Map<String, StepDraft> steps = new LinkedHashMap<>();
    after.forEach(
        (name, before) ->
            steps.put(name, new StepBuilder<>(name).after(before.toArray(new String[0]))));
    return steps;
  }

  /** Edges lead along a hidden order; the steps are declared in another. */
  private static Map<String, List<String>> randomDag(Random random) {
    int size = 1 + random.nextInt(40);
    double density = random.nextDouble() / 2;
    List<Integer> declared = new ArrayList<>(IntStream.range(0, size).boxed().toList());
    Collections.shuffle(declared, random);
    Map<String, List<String>> after = new LinkedHashMap<>();
    for (int step : declared) {
      List<String> before =
          IntStream.range(0, step)
              .filter(i -> random.nextDouble() < density)
              .mapToObj(i -> "s" + i)
              .toList();
      after.put("s" + step, before);
    }
    return after;
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void everyStepComesAfterItsAncestorsAndOtherwiseAsDeclared(int seed) {
    Map<String, List<String>> after = randomDag(new Random(seed));
    StepGraph graph = new StepGraph(graph(after));
    List<String> declared = List.copyOf(after.keySet());
    List<String> order = graph.inOrder().stream().map(s -> s.name).toList();

    assertThat(graph.cycles()).isEmpty();
    assertThat(order).containsExactlyInAnyOrderElementsOf(declared);
    Set<String> placed = new HashSet<>();
    for (String step : order) {
      assertThat(placed).containsAll(after.get(step));
      String firstReady =
          declared.stream()
              .filter(s -> !placed.contains(s) && placed.containsAll(after.get(s)))
              .findFirst()
              .orElseThrow();
      assertThat(step).isEqualTo(firstReady);
      placed.add(step);
    }
    assertThat(new StepGraph(graph(after)).inOrder().stream().map(s -> s.name).toList())
        .isEqualTo(order);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void ancestorsAreAllThatLeadsToAStep(int seed) {
    Map<String, List<String>> after = randomDag(new Random(seed));
    StepGraph graph = new StepGraph(graph(after));
    for (StepDraft step : graph.inOrder()) {
      Set<String> expected = new HashSet<>();
      for (String before : after.get(step.name)) {
        expected.add(before);
        graph.inOrder().stream()
            .filter(s -> s.name.equals(before))
            .flatMap(s -> graph.ancestors(s).stream())
            .forEach(s -> expected.add(s.name));
      }
      assertThat(graph.ancestors(step).stream().map(s -> s.name).toList())
          .containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void oneEdgeBackIsFoundAsACycle(int seed) {
    Random random = new Random(seed);
    Map<String, List<String>> after = randomDag(random);
    StepGraph dag = new StepGraph(graph(after));
    StepDraft last = dag.inOrder().get(dag.inOrder().size() - 1);
    List<StepDraft> ancestors = dag.ancestors(last);
    StepDraft first = ancestors.isEmpty() ? last : ancestors.get(random.nextInt(ancestors.size()));
    Map<String, List<String>> cyclic = new LinkedHashMap<>(after);
    List<String> more = new ArrayList<>(after.get(first.name));
    more.add(last.name);
    cyclic.put(first.name, more);

    List<List<String>> cycles = new StepGraph(graph(cyclic)).cycles();
    assertThat(cycles).isNotEmpty();
    for (List<String> cycle : cycles) {
      assertThat(cycle.get(0)).isEqualTo(cycle.get(cycle.size() - 1));
      for (int i = 1; i < cycle.size(); i++) {
        assertThat(cyclic.get(cycle.get(i))).contains(cycle.get(i - 1));
      }
    }
  }

  @Test
  void everyCycleIsNamed() {
    StepGraph graph =
        new StepGraph(
            graph(
                Map.of(
                    "a", List.of("a"),
                    "b", List.of("c"),
                    "c", List.of("b"),
                    "d", List.of("c"))));
    assertThat(graph.cycles()).hasSize(2).allSatisfy(c -> assertThat(c).doesNotContain("d"));
  }
}
