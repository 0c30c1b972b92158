package dev.evenkeel.saga.definition;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which step comes after which. Order is Kahn's (1962): of the steps whose predecessors are all
 * placed, the one declared first is next, so the same declaration always gives the same order.
 */
final class StepGraph {

  private final Map<String, StepDraft> steps;
  private final Map<String, Set<String>> ancestors = new HashMap<>();
  private final List<StepDraft> order;

  /**
   * Makes the graph.
   *
   * @param steps by name, as declared; what they come after need not exist
   */
  StepGraph(Map<String, StepDraft> steps) {
    this.steps = new LinkedHashMap<>(steps);
    steps.keySet().forEach(step -> ancestors.put(step, reach(step)));
    this.order = sort();
  }

  /** In topological order; steps on or behind a cycle come last, as declared. */
  List<StepDraft> inOrder() {
    return order;
  }

  /** Whether the first is done before the second begins. */
  boolean isAncestor(StepDraft first, StepDraft second) {
    return first != second && ancestors.getOrDefault(second.name, Set.of()).contains(first.name);
  }

  /** All that is done before the step begins, in topological order. */
  List<StepDraft> ancestors(StepDraft step) {
    return order.stream().filter(other -> isAncestor(other, step)).toList();
  }

  /** Cycles, each as a way from a step back to itself; every step on a cycle is in one of them. */
  List<List<String>> cycles() {
    List<List<String>> cycles = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (String step : steps.keySet()) {
      if (!seen.contains(step) && ancestors.getOrDefault(step, Set.of()).contains(step)) {
        List<String> cycle = wayBack(step);
        seen.addAll(cycle);
        cycles.add(cycle);
      }
    }
    return cycles;
  }

  private List<String> predecessors(String step) {
    StepDraft draft = steps.get(step);
    return draft == null
        ? List.of()
        : draft.afterOrNone().stream().filter(steps::containsKey).toList();
  }

  /** Contains the step itself when it is on a cycle. */
  private Set<String> reach(String step) {
    Set<String> reached = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(predecessors(step));
    while (!open.isEmpty()) {
      String next = open.poll();
      if (reached.add(next)) {
        open.addAll(predecessors(next));
      }
    }
    return reached;
  }

  private List<StepDraft> sort() {
    List<StepDraft> sorted = new ArrayList<>();
    Set<String> placed = new HashSet<>();
    Map<String, StepDraft> open = new LinkedHashMap<>(steps);
    while (!open.isEmpty()) {
      StepDraft next =
          open.values().stream()
              .filter(s -> placed.containsAll(predecessors(s.name)))
              .findFirst()
              .orElse(null);
      if (next == null) {
        sorted.addAll(open.values());
        break;
      }
      open.remove(next.name);
      placed.add(next.name);
      sorted.add(next);
    }
    return List.copyOf(sorted);
  }

  /**
   * The shortest way from a step on a cycle to itself, each after the one before, both ends
   * included.
   */
  private List<String> wayBack(String step) {
    Map<String, @Nullable String> cameFrom = new HashMap<>();
    Deque<String> open = new ArrayDeque<>(List.of(step));
    while (!open.isEmpty()) {
      String current = open.remove();
      for (String predecessor : predecessors(current)) {
        if (predecessor.equals(step)) {
          List<String> way = new ArrayList<>(List.of(step));
          for (String at = current; at != null; at = cameFrom.get(at)) {
            way.add(at);
          }
          return way;
        }
        if (cameFrom.putIfAbsent(predecessor, current) == null) {
          open.add(predecessor);
        }
      }
    }
    return List.of(step);
  }
}
