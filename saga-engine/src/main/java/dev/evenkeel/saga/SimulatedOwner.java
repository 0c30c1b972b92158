package dev.evenkeel.saga;

import dev.evenkeel.saga.Decision.Effect;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the owner of a simulated instance has in memory. A crash forgets it. */
final class SimulatedOwner {

  /**
   * An attempt to be made.
   *
   * @param state as it was decided by
   */
  record Pending(InstanceState state, Effect effect) {}

  private final SagaSimulation.Beans process;
  private final int epoch;
  private final Deque<Pending> pending = new ArrayDeque<>();
  private final Set<Long> read = new HashSet<>();
  private final Set<Integer> slotsRead = new HashSet<>();
  private final Set<Long> taken = new LinkedHashSet<>();
  private final List<SagaNews.Answered> answers = new ArrayList<>();
  private InstanceState state;
  private boolean dirty;
  private @Nullable Instant lookAt;

  SimulatedOwner(SagaSimulation.Beans process, int epoch, InstanceState state) {
    this.process = process;
    this.epoch = epoch;
    this.state = state;
  }

  SagaSimulation.Beans process() {
    return process;
  }

  InstanceState state() {
    return state;
  }

  @Nullable Instant lookAt() {
    return lookAt;
  }

  boolean isDirty() {
    return dirty;
  }

  void hasRead(int slot) {
    slotsRead.add(slot);
  }

  /** Whether rows may be there that it does not know. */
  boolean readsFirst(int slot, Effect effect) {
    return effect.again() || (epoch > 1 && !slotsRead.contains(slot));
  }

  boolean hasRead(Map<Long, SagaNews> events) {
    return read.containsAll(events.keySet());
  }

  /** What it was not told yet. */
  List<SagaNews> unread(Map<Long, SagaNews> events) {
    List<SagaNews> news = new ArrayList<>();
    events.forEach(
        (position, event) -> {
          if (read.add(position)) {
            news.add(event);
          }
        });
    return news;
  }

  void add(Effect effect) {
    pending.add(new Pending(state, effect));
  }

  @Nullable Pending next(boolean newestFirst) {
    return newestFirst ? pending.pollLast() : pending.pollFirst();
  }

  void take(Decision decision, List<SagaNews> news) {
    state = decision.state();
    taken.addAll(decision.taken());
    lookAt = decision.lookAt();
    dirty |= decision.write() == Decision.Write.LATER;
    for (SagaNews one : news) {
      if (one instanceof SagaNews.Answered answered) {
        answers.add(answered);
      }
    }
  }

  /** A write was refused: it is as if it had not been decided on. */
  void back(InstanceState before) {
    state = before;
  }

  /** What the next write is about, for people. */
  String about(SimulatedHome home, @Nullable Decision decision) {
    if (state.phase() != home.phase()) {
      return state.phase().name();
    }
    if (decision == null) {
      return "progress";
    }
    if (!decision.awaited().isEmpty()) {
      return decision.awaited().get(0).key().step();
    }
    return decision.sends().stream()
        .map(send -> send.key().toString())
        .collect(Collectors.joining(", ", "asking ", ""));
  }

  List<SagaNews.Answered> answers() {
    List<SagaNews.Answered> now = List.copyOf(answers);
    answers.clear();
    return now;
  }

  Set<Long> taken() {
    Set<Long> now = Set.copyOf(taken);
    taken.clear();
    dirty = false;
    return now;
  }
}
