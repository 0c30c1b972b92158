package dev.evenkeel.saga;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Breadth first over every world that can be reached, so that the way to a broken law is a shortest
 * one. A world that is known is told by 128 bits of its text: among ten million worlds two that
 * differ have the same with a chance of less than one in 10^24. Used once.
 */
final class TwoNodesSearch {

  private static final long ONE = 0x9E3779B97F4A7C15L;
  private static final long OTHER = 0xC2B2AE3D27D4EB4FL;

  private final TwoNodes model;
  private final int bound;
  private final Deque<TwoNodesWorld> open = new ArrayDeque<>();
  private final List<String> actions = new ArrayList<>();
  private final Map<String, Integer> actionNumbers = new HashMap<>();

  // The set of known worlds, by open addressing.
  private long[] ones = new long[1 << 16];
  private long[] others = new long[1 << 16];
  private int[] numbers = new int[1 << 16];

  private final Ints parents = new Ints();
  private final Ints ways = new Ints();

  /** Where something leads that happens when nothing fails. */
  private final Ints from = new Ints();

  private final Ints to = new Ints();
  private final Ints ends = new Ints();
  final Map<SagaState, Integer> found = new EnumMap<>(SagaState.class);
  private long transitions;

  /** A list that grows. */
  private static final class Ints {
    private int[] all = new int[1024];
    private int size;

    void add(int value) {
      if (size == all.length) {
        all = Arrays.copyOf(all, size + (size >> 1));
      }
      all[size++] = value;
    }
  }

  /**
   * Makes it.
   *
   * @param bound most worlds
   */
  TwoNodesSearch(TwoNodes model, int bound) {
    this.model = model;
    this.bound = bound;
  }

  int size() {
    return parents.size;
  }

  /** Actions that lead from one world to another, or back to the same. */
  long transitions() {
    return transitions;
  }

  /** Whether the bound was not reached. */
  boolean isComplete() {
    return open.isEmpty();
  }

  /**
   * Explores.
   *
   * @throws AssertionError with a shortest way to it, if a world breaks a law or leads nowhere
   */
  void run() {
    int[] at = {-1};
    try {
      add(-1, false, "start", model.start());
      for (int number = 0; !open.isEmpty() && size() < bound; number++) {
        TwoNodesWorld world = open.remove();
        at[0] = number;
        model.successors(world, (goesOn, action, next) -> add(at[0], goesOn, action, next));
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          e.getMessage() + ":" + way(at[0]) + "\n  " + model.doing + "   <-- here", e);
    }
    if (isComplete()) {
      requireWayOut();
    }
  }

  private void add(int parent, boolean goesOn, String action, TwoNodesWorld world) {
    transitions++;
    int number = number(world.key());
    if (number == size()) {
      TwoNodesLaws.check(model, world);
      parents.add(parent);
      ways.add(
          actionNumbers.computeIfAbsent(
              action,
              a -> {
                actions.add(a);
                return actions.size() - 1;
              }));
      open.add(world);
      found.merge(world.phase, 1, Integer::sum);
      if (world.phase.isEnded()) {
        ends.add(number);
      }
    }
    if (goesOn && number != parent) {
      from.add(parent);
      to.add(number);
    }
  }

  /** Of a world; {@link #size()} for one that is new. */
  private int number(String key) {
    long one = ONE;
    long other = OTHER;
    for (int i = 0; i < key.length(); i++) {
      one = (one ^ key.charAt(i)) * ONE;
      one ^= one >>> 32;
      other = (other + key.charAt(i)) * OTHER;
      other ^= other >>> 29;
    }
    one = one == 0 ? 1 : one;
    if (size() * 2 > ones.length) {
      grow();
    }
    int slot = slot(one, other);
    if (ones[slot] == 0) {
      ones[slot] = one;
      others[slot] = other;
      numbers[slot] = size();
    }
    return numbers[slot];
  }

  private int slot(long one, long other) {
    int slot = (int) (one >>> 20) & (ones.length - 1);
    while (ones[slot] != 0 && (ones[slot] != one || others[slot] != other)) {
      slot = (slot + 1) & (ones.length - 1);
    }
    return slot;
  }

  private void grow() {
    long[] oldOnes = ones;
    long[] oldOthers = others;
    int[] oldNumbers = numbers;
    ones = new long[oldOnes.length * 2];
    others = new long[oldOnes.length * 2];
    numbers = new int[oldOnes.length * 2];
    for (int i = 0; i < oldOnes.length; i++) {
      if (oldOnes[i] != 0) {
        int slot = slot(oldOnes[i], oldOthers[i]);
        ones[slot] = oldOnes[i];
        others[slot] = oldOthers[i];
        numbers[slot] = oldNumbers[i];
      }
    }
  }

  /** From every world an end can be reached without any failure, crash or help. */
  private void requireWayOut() {
    int[] first = new int[size() + 1];
    for (int e = 0; e < to.size; e++) {
      first[to.all[e] + 1]++;
    }
    for (int i = 0; i < size(); i++) {
      first[i + 1] += first[i];
    }
    int[] before = new int[to.size];
    int[] next = Arrays.copyOf(first, first.length);
    for (int e = 0; e < to.size; e++) {
      before[next[to.all[e]]++] = from.all[e];
    }
    BitSet leads = new BitSet(size());
    Ints queue = new Ints();
    for (int e = 0; e < ends.size; e++) {
      leads.set(ends.all[e]);
      queue.add(ends.all[e]);
    }
    for (int q = 0; q < queue.size; q++) {
      for (int b = first[queue.all[q]]; b < first[queue.all[q] + 1]; b++) {
        if (!leads.get(before[b])) {
          leads.set(before[b]);
          queue.add(before[b]);
        }
      }
    }
    int stranded = leads.nextClearBit(0);
    if (stranded < size()) {
      throw new AssertionError(
          "Law broken: end: there is a way to an end from here:" + way(stranded));
    }
  }

  private String way(int number) {
    StringBuilder way = new StringBuilder();
    for (int at = number; at >= 0; at = parents.all[at]) {
      way.insert(0, "\n  " + actions.get(ways.all[at]));
    }
    return way.toString();
  }
}
