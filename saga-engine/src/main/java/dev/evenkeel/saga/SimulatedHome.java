package dev.evenkeel.saga;

import dev.evenkeel.saga.Decision.Awaited;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** What the home shard of a simulated instance holds. */
final class SimulatedHome {

  /** What was asked of a participant, and what it has answered. */
  private record Call(
      CallTable.Order order, StepState.Asked asked, @Nullable SagaNews ended, boolean undone) {}

  private record Count(int attempts, int tries) {}

  private final SagaDefinition definition;
  private final UUID id;
  private final int slot;
  private final Object command;
  private final Instant createdAt;
  private final Set<String> localParticipants;
  private final TreeMap<Long, SagaNews> events = new TreeMap<>();
  private final Map<StepKey, Call> calls = new LinkedHashMap<>();
  private final List<Awaited> awaited = new ArrayList<>();
  private final Map<Awaited, Instant> awaitedAt = new HashMap<>();
  private Map<StepKey, Count> counts = Map.of();
  private SagaState phase = SagaState.RUNNING;
  private boolean forwardOnly;
  private @Nullable SagaFailure failure;
  private long positions;
  private int epoch = 1;

  SimulatedHome(
      SagaDefinition definition,
      UUID id,
      int slot,
      Object command,
      Instant createdAt,
      Set<String> localParticipants) {
    this.definition = definition;
    this.id = id;
    this.slot = slot;
    this.command = command;
    this.createdAt = createdAt;
    this.localParticipants = localParticipants;
  }

  SagaDefinition definition() {
    return definition;
  }

  UUID id() {
    return id;
  }

  int slot() {
    return slot;
  }

  SagaState phase() {
    return phase;
  }

  @Nullable SagaFailure failure() {
    return failure;
  }

  Map<Long, SagaNews> events() {
    return events;
  }

  int nextEpoch() {
    return ++epoch;
  }

  /** Nothing is stored for what has ended. */
  void store(LongFunction<SagaNews> event) {
    if (!phase.isEnded()) {
      long position = ++positions;
      events.put(position, event.apply(position));
    }
  }

  /** What its own row tells. */
  InstanceState state(SagaDefinition of) {
    Map<StepKey, StepState> steps = new HashMap<>();
    counts.forEach(
        (key, count) ->
            steps.put(key, StepState.UNTOUCHED.resumed(count.attempts(), count.tries())));
    return new InstanceState(
        of,
        id,
        command,
        createdAt,
        of.deadline() == null ? null : createdAt.plus(of.deadline()),
        phase,
        forwardOnly,
        failure,
        localParticipants,
        steps,
        List.of());
  }

  /** What awaits and answers came to. */
  List<SagaNews> news(SagaCodec codec, SagaDefinition of) {
    List<SagaNews> news = new ArrayList<>();
    for (Awaited one : awaited) {
      InstanceState.Signal event = one.event();
      Class<?> type = of.step(one.key().step()).resultType();
      Object value = event == null ? null : codec.result(event.payload(), type);
      Instant at = java.util.Objects.requireNonNull(awaitedAt.get(one));
      news.add(new SagaNews.Ended(one.key(), one.outcome(), value, null, at));
    }
    calls.forEach(
        (key, call) -> {
          if (call.ended() != null) {
            news.add(call.ended());
          }
          if (call.undone()) {
            news.add(new SagaNews.Undone(key));
          }
        });
    return news;
  }

  /** With what an earlier owner has asked. */
  InstanceState resumed(InstanceState state) {
    Map<StepKey, StepState> steps = new HashMap<>(state.steps());
    calls.forEach((key, call) -> steps.put(key, state.step(key).resumed(call.asked())));
    return state.with(steps);
  }

  CallTable.@Nullable Order order(StepKey key) {
    Call call = calls.get(key);
    return call == null ? null : call.order();
  }

  void asked(StepKey key, CallTable.Order order, StepState.Asked asked) {
    Call before = calls.get(key);
    calls.put(
        key,
        new Call(
            order,
            asked,
            before == null ? null : before.ended(),
            before != null && before.undone()));
  }

  /** Commits what its owner knows. */
  void write(SimulatedOwner owner, @Nullable Decision decision) {
    InstanceState state = owner.state();
    phase = state.phase();
    forwardOnly = state.forwardOnly();
    failure = state.failure();
    Map<StepKey, Count> now = new HashMap<>();
    state
        .steps()
        .forEach(
            (key, step) -> {
              if (step.tries() > 0 && step.outcome() == null) {
                now.put(key, new Count(step.attempts(), step.tries()));
              }
            });
    counts = now;
    for (SagaNews.Answered answer : owner.answers()) {
      answered(answer, state);
    }
    owner.taken().forEach(events::remove);
    if (decision != null) {
      awaited.addAll(decision.awaited());
      decision.awaited().forEach(one -> awaitedAt.put(one, at(state, one)));
    }
  }

  private static Instant at(InstanceState state, Awaited one) {
    return java.util.Objects.requireNonNull(state.step(one.key()).recordedAt());
  }

  private void answered(SagaNews.Answered answer, InstanceState state) {
    Call call = calls.get(answer.key());
    if (call == null) {
      return;
    }
    StepState step = state.step(answer.key());
    SagaNews ended =
        answer.what() instanceof SagaNews.Ended what && what.outcome() == step.outcome()
            ? what
            : call.ended();
    calls.put(answer.key(), new Call(call.order(), step.asked(), ended, step.undone()));
  }
}
