package dev.evenkeel.saga;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Breadth first over every world that can be reached, up to a bound. Used once. */
final class SagaExploration {

  /** A law is broken; the message tells the way there. */
  private static final class Broken extends AssertionError {
    private static final long serialVersionUID = 1L;

    Broken(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  private final SagaModel model;
  private final int bound;
  private final Map<String, Integer> numbers = new HashMap<>();
  private final Deque<ModelWorld> open = new ArrayDeque<>();
  private final List<String> actions = new ArrayList<>();
  private final List<Integer> parents = new ArrayList<>();

  /** Of each world, where it comes from when nothing fails. */
  private final List<int[]> predecessors = new ArrayList<>();

  private final Deque<Integer> ends = new ArrayDeque<>();
  final Map<SagaState, Integer> found = new EnumMap<>(SagaState.class);

  /**
   * Makes it.
   *
   * @param bound most worlds
   */
  SagaExploration(SagaModel model, int bound) {
    this.model = model;
    this.bound = bound;
  }

  int size() {
    return parents.size();
  }

  /** Whether the bound was not reached. */
  boolean isComplete() {
    return open.isEmpty();
  }

  /**
   * Explores.
   *
   * @throws AssertionError with the way to it, if a world breaks a law or leads nowhere
   */
  void run() {
    add(-1, false, "start", model.start());
    for (int number = 0; !open.isEmpty() && size() < bound; number++) {
      ModelWorld world = open.remove();
      int from = number;
      try {
        model.successors(world, (goesOn, action, next) -> add(from, goesOn, action, next));
      } catch (Broken e) {
        throw e;
      } catch (AssertionError | RuntimeException e) {
        throw new Broken(e.getMessage() + ", in what follows" + way(from), e);
      }
    }
    requireWayOut();
  }

  private void add(int from, boolean goesOn, String action, ModelWorld world) {
    String key = world.key(model);
    Integer known = numbers.get(key);
    if (known == null) {
      known = parents.size();
      numbers.put(key, known);
      parents.add(from);
      actions.add(action.intern());
      predecessors.add(new int[0]);
      open.add(world);
      found.merge(world.phase, 1, Integer::sum);
      if (world.phase.isEnded()) {
        ends.add(known);
      }
      try {
        SagaLaws.check(model, world);
      } catch (AssertionError e) {
        throw new Broken(e.getMessage() + way(known), e);
      }
    }
    if (goesOn && known != from) {
      int[] before = predecessors.get(known);
      int[] after = java.util.Arrays.copyOf(before, before.length + 1);
      after[before.length] = from;
      predecessors.set(known, after);
    }
  }

  /** From every world an end can be reached without any failure, death or help. */
  private void requireWayOut() {
    BitSet leads = new BitSet(size());
    Deque<Integer> next = new ArrayDeque<>(ends);
    for (int number = size() - open.size(); number < size(); number++) {
      next.add(number); // not looked at: nothing is known against it
    }
    next.forEach(leads::set);
    while (!next.isEmpty()) {
      for (int before : predecessors.get(next.remove())) {
        if (!leads.get(before)) {
          leads.set(before);
          next.add(before);
        }
      }
    }
    int stranded = leads.nextClearBit(0);
    if (stranded < size()) {
      throw new Broken("there is a way to an end" + way(stranded), null);
    }
  }

  private String way(int number) {
    StringBuilder way = new StringBuilder();
    for (int at = number; at >= 0; at = parents.get(at)) {
      way.insert(0, "\n  " + actions.get(at));
    }
    return way.insert(0, ":").toString();
  }
}
