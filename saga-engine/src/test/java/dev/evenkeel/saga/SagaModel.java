package dev.evenkeel.saga;

import dev.evenkeel.saga.InstanceState.Signal;
import dev.evenkeel.saga.ModelWorld.Owner;
import dev.evenkeel.saga.SagaNews.Failed;
import dev.evenkeel.saga.SagaNews.Failed.Kind;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.AwaitStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Everything that can happen to one instance, around the real coordinator. Home writes and rows are
 * single actions, because each is one transaction; a row and the news of it are two, so that the
 * news can be late or lost with its owner. Of owners there are the present one and the one before,
 * which stands still or is slow: its rows may commit, its home writes are refused.
 */
final class SagaModel implements StepLaws.Numbers {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant NOT_DUE = START.plus(Duration.ofDays(1));
  private static final UUID ID = new UUID(0, 1);
  private static final int STUCK_AFTER = 2;
  private static final int CANCEL = 1 << 2;

  /** Where a world leads. */
  interface Sink {

    /**
     * Takes a next world.
     *
     * @param goesOn whether it happens by itself when nothing fails
     */
    void accept(boolean goesOn, String action, ModelWorld next);
  }

  /** What an exploration has come across; without it, it shows nothing. */
  enum Sight {
    FORMER_OWNER_COMMITTED,
    FENCE_FOUND_DONE,
    FENCE_WON,
    WRITE_REFUSED,
    SIGNAL_TAKEN,
    TIMED_OUT,
    NEWS_BEFORE_TIME,
    STUCK
  }

  /** What the coordinator is asked; it is a pure function, so it need not be asked again. */
  private record Question(
      String stateKey, @Nullable SagaFailure failure, List<SagaNews> news, int clock) {}

  private record Answer(Decision decision, InstanceState state, String stateKey) {}

  private final Map<Question, Answer> answers = new HashMap<>();
  final Set<Sight> sights = EnumSet.noneOf(Sight.class);
  final Set<SagaTransition> transitions = EnumSet.noneOf(SagaTransition.class);

  private final SagaCoordinator coordinator = new SagaCoordinator(ModelSagas.CODEC, STUCK_AFTER);
  private final SagaDefinition definition;
  private final Object command;
  private final boolean canCancel;
  private final List<StepKey> keys = new ArrayList<>();
  private final Map<StepKey, Integer> numbers = new HashMap<>();
  private final Map<String, Integer> shards = new LinkedHashMap<>(Map.of("home", 0));
  private final List<@Nullable Integer> shardOf = new ArrayList<>();
  private final List<Signal> signals = new ArrayList<>();
  private final List<Duration> clock = new ArrayList<>(List.of(Duration.ZERO));

  /**
   * Makes it.
   *
   * @param canCancel whether somebody may cancel it
   */
  SagaModel(SagaDefinition definition, Object command, boolean canCancel) {
    this.definition = definition;
    this.command = command;
    this.canCancel = canCancel;
    InstanceState nothing = state(new ModelWorld(0));
    for (StepDefinition step : definition.steps()) {
      int items =
          !step.isWanted(command)
              ? 0
              : step instanceof ActionStep action ? nothing.itemCount(action) : 1;
      for (int item = 0; item < items; item++) {
        StepKey key = new StepKey(step.name(), item);
        numbers.put(key, keys.size());
        keys.add(key);
        shardOf.add(shard(nothing, step, key));
      }
      if (step instanceof AwaitStep await && await.isWanted(command)) {
        signals.add(new Signal(signals.size() + 1, await.eventType(), new byte[0]));
        if (await.timeout() != null) {
          clock.add(await.timeout().plusSeconds(1));
        }
      }
    }
    if (definition.deadline() != null) {
      clock.add(definition.deadline().plusSeconds(1));
    }
  }

  /** Null for none: its key can't be read. */
  private @Nullable Integer shard(InstanceState nothing, StepDefinition step, StepKey key) {
    if (!(step instanceof ActionStep action) || action.shardKey() == null) {
      return 0;
    }
    String shard = action.shardKey().read(new StepInput(nothing, step, key, null));
    return shard == null ? null : shards.computeIfAbsent(shard, s -> shards.size());
  }

  @Override
  public StepKey key(int number) {
    return keys.get(number);
  }

  @Override
  public int number(StepKey key) {
    return numbers.get(key);
  }

  /** It was started, and its owner begins. */
  ModelWorld start() {
    ModelWorld world = new ModelWorld(keys.size());
    world.current = new Owner(keys.size());
    world.current.isFirst = true;
    knows(world.current, state(world));
    decide(world, world.current, List.of(new SagaNews.Look()));
    return world;
  }

  /** What the instance's row tells. */
  private InstanceState state(ModelWorld world) {
    return new InstanceState(
        definition,
        ID,
        command,
        START,
        definition.deadline() == null ? null : START.plus(definition.deadline()),
        world.phase,
        world.forwardOnly,
        world.failure,
        Set.of(),
        Map.of(),
        List.of());
  }

  private void knows(Owner owner, InstanceState state) {
    owner.state = plain(state);
    owner.stateKey = ModelWorld.key(owner.state, this);
  }

  private Instant now(ModelWorld world) {
    return START.plus(clock.get(world.clock));
  }

  // ---- what can happen

  void successors(ModelWorld world, Sink sink) {
    owner(world, false, sink);
    owner(world, true, sink);
    if (world.phase.isEnded()) {
      return;
    }
    change(world, world.current == null, "taken over", sink, this::takeOver);
    if (world.signalsSent < signals.size()) {
      change(
          world,
          true,
          "signal",
          sink,
          w -> {
            w.events |= 1 << w.signalsSent;
            w.signalsSent++;
          });
    }
    if (canCancel && !world.cancelSent) {
      change(
          world,
          false,
          "cancel",
          sink,
          w -> {
            w.cancelSent = true;
            w.events |= CANCEL;
          });
    }
    if (world.clock + 1 < clock.size()) {
      change(world, false, "time passes", sink, w -> w.clock++);
    }
  }

  private interface Change {
    void apply(ModelWorld world);
  }

  private interface OwnerChange {
    void apply(ModelWorld world, Owner owner);
  }

  private static void change(
      ModelWorld world, boolean goesOn, String action, Sink sink, Change change) {
    ModelWorld next = world.copy();
    change.apply(next);
    sink.accept(goesOn, action, next);
  }

  private void owner(ModelWorld world, boolean isFormer, Sink sink) {
    Owner owner = isFormer ? world.former : world.current;
    if (owner == null) {
      return;
    }
    for (Work work : List.of(Work.FORWARD, Work.FENCE, Work.UNDO)) {
      for (int i = 0; i < keys.size(); i++) {
        if (owner.flights(work)[i] != 0) {
          attempt(world, owner, isFormer, work, i, sink);
        }
      }
    }
    if (!isFormer) { // a former owner that does nothing any more is as good as dead
      change(world, false, "owner dies", sink, w -> w.current = null);
    }
    if (owner.state == null) {
      return;
    }
    if (owner.isWriting) {
      step(world, isFormer, !isFormer, "home write", sink, (w, o) -> write(w, o, isFormer));
      return;
    }
    if (world.clock > 0) {
      step(world, isFormer, !isFormer, "looks again", sink, this::lookAgain);
    }
    if (!isFormer && (world.events & ~owner.noticed) != 0) {
      step(world, false, true, "notices", sink, this::notice);
    }
    if (!isFormer) {
      step(world, false, true, "learns everything at once", sink, this::learnAll);
    }
    if (!isFormer && owner.taken != 0) {
      step(
          world,
          false,
          true,
          "later write",
          sink,
          (w, o) -> {
            w.events &= ~o.taken;
            o.taken = 0;
          });
    }
  }

  private static void step(
      ModelWorld world,
      boolean isFormer,
      boolean goesOn,
      String action,
      Sink sink,
      OwnerChange change) {
    change(
        world,
        goesOn,
        (isFormer ? "former owner: " : "owner: ") + action,
        sink,
        w -> {
          change.apply(w, isFormer ? w.former : w.current);
          if (w.former != null && w.former.state == null && w.former.isIdle()) {
            w.former = null;
          }
        });
  }

  private void attempt(
      ModelWorld world, Owner owner, boolean isFormer, Work work, int i, Sink sink) {
    String name = " " + work + " " + keys.get(i);
    boolean goesOn = !isFormer;
    boolean hasRow = hasRow(world, work, i);
    if (!hasRow) {
      if (isFormer) {
        sights.add(Sight.FORMER_OWNER_COMMITTED);
      }
      step(world, isFormer, goesOn, "commits" + name, sink, (w, o) -> commit(w, work, i));
      if (work == Work.FORWARD && canRefuse(i)) {
        step(
            world,
            isFormer,
            false,
            "refuses" + name,
            sink,
            (w, o) -> insert(w, i, Outcome.REFUSED));
      }
    }
    if (owner.state == null || owner.isWriting) {
      return; // nobody listens, or news wait
    }
    if (hasRow) {
      step(world, isFormer, goesOn, "learns" + name, sink, (w, o) -> learn(w, o, work, i));
    }
    if (!isFormer) {
      step(world, false, false, "OUTAGE" + name, sink, (w, o) -> fail(w, o, work, i, Kind.OUTAGE));
      if (work == Work.FORWARD) {
        step(world, false, false, "ERROR" + name, sink, (w, o) -> fail(w, o, work, i, Kind.ERROR));
      }
    }
  }

  /** An attempt comes to nothing as far as its owner knows, and its wait is over at once. */
  private void fail(ModelWorld world, Owner owner, Work work, int i, Kind kind) {
    owner.flights(work)[i] = 0;
    decide(world, owner, List.of(new Failed(keys.get(i), work, kind, "Exception", "It failed")));
    if (!owner.isWriting) {
      lookAgain(world, owner);
    }
  }

  private boolean canRefuse(int i) {
    return !action(i).retry().refusals().isEmpty();
  }

  private ActionStep action(int i) {
    return (ActionStep) definition.step(keys.get(i).step());
  }

  // ---- the steps' shards

  private void commit(ModelWorld world, Work work, int i) {
    switch (work) {
      case FORWARD -> {
        StepLaws.forward(this, world, i);
        world.effects[i]++;
        insert(world, i, Outcome.DONE);
      }
      case FENCE -> {
        sights.add(Sight.FENCE_WON);
        insert(world, i, Outcome.FENCED);
      }
      case UNDO -> {
        StepLaws.undo(this, world, i);
        world.undoEffects[i]++;
        world.undone[i] = true;
      }
      case SKIP, RESOLVE, NONE -> throw new IllegalArgumentException("Nothing is under way");
    }
  }

  /** The first row is final. */
  private static void insert(ModelWorld world, int i, Outcome outcome) {
    if (world.rows[i] == null) {
      world.rows[i] = outcome;
    }
  }

  private void learn(ModelWorld world, Owner owner, Work work, int i) {
    decide(world, owner, told(world, owner, work, i));
  }

  /** News that came while others were being taken are taken together. */
  private void learnAll(ModelWorld world, Owner owner) {
    List<SagaNews> news = new ArrayList<>(noticed(world, owner));
    for (Work work : List.of(Work.FORWARD, Work.FENCE, Work.UNDO)) {
      for (int i = 0; i < keys.size(); i++) {
        if (owner.flights(work)[i] != 0 && hasRow(world, work, i)) {
          news.addAll(told(world, owner, work, i));
        }
      }
    }
    decide(world, owner, news);
  }

  private static boolean hasRow(ModelWorld world, Work work, int i) {
    return work == Work.UNDO ? world.undone[i] : world.rows[i] != null;
  }

  /** The row that there is, and with a read first every row of its shard. */
  private List<SagaNews> told(ModelWorld world, Owner owner, Work work, int i) {
    if (work == Work.FENCE && world.rows[i] == Outcome.DONE) {
      sights.add(Sight.FENCE_FOUND_DONE);
    }
    Integer shard = shardOf.get(i);
    List<SagaNews> news = new ArrayList<>();
    if (owner.flights(work)[i] == 2 && shard != null) {
      news.addAll(rows(world, shard));
      owner.shardsRead |= 1 << shard;
    }
    owner.flights(work)[i] = 0;
    news.add(work == Work.UNDO ? new SagaNews.Undone(keys.get(i)) : ended(world, i));
    return news;
  }

  private List<SagaNews> rows(ModelWorld world, int shard) {
    List<SagaNews> news = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      if (Integer.valueOf(shard).equals(shardOf.get(i))) {
        if (world.rows[i] != null) {
          news.add(ended(world, i));
        }
        if (world.undone[i]) {
          news.add(new SagaNews.Undone(keys.get(i)));
        }
      }
    }
    return news;
  }

  private SagaNews ended(ModelWorld world, int i) {
    StepKey key = keys.get(i);
    SagaFailure failure =
        world.rows[i] == Outcome.REFUSED && definition.step(key.step()) instanceof ActionStep
            ? new SagaFailure(SagaFailure.Reason.REFUSED, key.step(), "No", "No")
            : null;
    return new SagaNews.Ended(key, world.rows[i], null, failure, START);
  }

  // ---- the home shard

  private void takeOver(ModelWorld world) {
    Owner before = world.current;
    if (before != null) {
      before.noticed = 0; // nothing follows from them any more
      before.taken = 0;
      world.former = before.state == null && before.isIdle() ? world.former : before;
    }
    Owner owner = new Owner(keys.size());
    knows(owner, coordinator.learn(state(world), rows(world, 0), now(world)));
    owner.shardsRead = 1;
    world.current = owner;
    notice(world, owner);
  }

  private void notice(ModelWorld world, Owner owner) {
    decide(world, owner, noticed(world, owner));
  }

  private List<SagaNews> noticed(ModelWorld world, Owner owner) {
    List<SagaNews> news = new ArrayList<>();
    int unknown = world.events & ~owner.noticed;
    for (Signal signal : signals) {
      if ((unknown & bit(signal)) != 0) {
        news.add(new SagaNews.Signalled(signal));
      }
    }
    if ((unknown & CANCEL) != 0) {
      news.add(new SagaNews.Cancelled(3, "Enough"));
    }
    owner.noticed |= unknown;
    news.add(new SagaNews.Look());
    return news;
  }

  private static int bit(Signal signal) {
    return 1 << (int) (signal.position() - 1);
  }

  private void lookAgain(ModelWorld world, Owner owner) {
    if (owner.state.steps().values().stream().noneMatch(s -> s.notBefore() != null)) {
      decide(world, owner, List.of(new SagaNews.Look()));
      return;
    }
    Map<StepKey, StepState> due = new HashMap<>(owner.state.steps());
    due.replaceAll(
        (key, s) ->
            new StepState(
                s.work(),
                s.outcome(),
                s.result(),
                s.recordedAt(),
                s.undone(),
                s.attempts(),
                s.tries(),
                null,
                s.trouble(),
                s.asked()));
    knows(owner, owner.state.with(due));
    decide(world, owner, List.of(new SagaNews.Look()));
  }

  /** Only the present owner's are accepted. */
  private void write(ModelWorld world, Owner owner, boolean isFormer) {
    if (isFormer) {
      sights.add(Sight.WRITE_REFUSED);
      letGo(owner);
      return;
    }
    if (owner.before != null && (world.events & ~owner.noticed) != 0) {
      sights.add(Sight.NEWS_BEFORE_TIME);
      owner.state = owner.before;
      owner.stateKey = owner.beforeKey;
      told(owner);
      return;
    }
    SagaTransition.between(world.phase, owner.state.phase()).ifPresent(transitions::add);
    world.phase = owner.state.phase();
    world.forwardOnly = owner.state.forwardOnly();
    world.failure = owner.state.failure();
    world.events &= ~owner.taken;
    owner.taken = 0;
    if (owner.awaited != null) {
      if (owner.awaited.event() != null) {
        sights.add(Sight.SIGNAL_TAKEN);
        world.signalsTaken++;
      } else {
        sights.add(Sight.TIMED_OUT);
        SagaLaws.timeOut(this, world);
      }
      insert(world, number(owner.awaited.key()), owner.awaited.outcome());
    }
    told(owner);
    if (world.phase.isEnded()) {
      letGo(owner);
    } else {
      decide(world, owner, List.of(new SagaNews.Look()));
    }
  }

  /** Its memory goes; what is under way in it does not end by that. */
  private static void letGo(Owner owner) {
    owner.state = null;
    told(owner);
    owner.noticed = 0;
    owner.taken = 0;
  }

  /** What became of its write. */
  private static void told(Owner owner) {
    owner.isWriting = false;
    owner.awaited = null;
    owner.before = null;
    owner.beforeKey = "";
  }

  // ---- an owner

  private void decide(ModelWorld world, Owner owner, List<SagaNews> first) {
    List<SagaNews> news = first;
    for (int round = 0; !news.isEmpty(); round++) {
      if (round > 10) {
        throw new AssertionError("It does not come to rest: " + news);
      }
      InstanceState before = owner.state;
      String beforeKey = owner.stateKey;
      Answer answer =
          answers.computeIfAbsent(
              new Question(owner.stateKey, owner.state.failure(), news, world.clock),
              question -> answer(owner.state, question));
      Decision decision = answer.decision();
      owner.state = answer.state();
      owner.stateKey = answer.stateKey();
      for (long position : decision.taken()) {
        owner.taken |= position == 3 ? CANCEL : 1 << (int) (position - 1);
      }
      news = List.of();
      if (decision.write() == Decision.Write.FIRST) {
        owner.isWriting = true;
        if (decision.unlessNews()) {
          owner.before = before;
          owner.beforeKey = beforeKey;
        }
        StepLaws.require(decision.awaited().size() <= 1, "one await at a time");
        owner.awaited = decision.awaited().isEmpty() ? null : decision.awaited().get(0);
        return;
      }
      news = launch(owner, decision.effects());
    }
  }

  private Answer answer(InstanceState before, Question question) {
    Decision decision =
        coordinator.decide(before, question.news(), START.plus(clock.get(question.clock())));
    InstanceState state = plain(decision.state());
    return new Answer(decision, state, ModelWorld.key(state, this));
  }

  /** As the engine does; what can't be routed is news at once. */
  private List<SagaNews> launch(Owner owner, List<Decision.Effect> effects) {
    List<SagaNews> failed = new ArrayList<>();
    for (Decision.Effect effect : effects) {
      int i = number(effect.key());
      Integer shard = shardOf.get(i);
      if (shard == null) {
        failed.add(new Failed(effect.key(), effect.work(), Kind.INPUT, "", "It has no shard key"));
        continue;
      }
      boolean isRead = owner.isFirst || (owner.shardsRead & (1 << shard)) != 0;
      owner.flights(effect.work())[i] = effect.again() || !isRead ? 2 : 1;
    }
    return failed;
  }

  /** Only what decisions depend on, so that worlds that are alike are equal. */
  private InstanceState plain(InstanceState state) {
    Map<StepKey, StepState> steps = new HashMap<>(state.steps());
    steps.replaceAll(
        (key, s) -> {
          if (s.trouble() != null) {
            sights.add(Sight.STUCK);
          }
          return new StepState(
              s.work(),
              s.outcome(),
              s.result(),
              s.outcome() == null ? null : START,
              s.undone(),
              Math.min(s.attempts(), STUCK_AFTER),
              Math.min(s.tries(), 1),
              s.notBefore() == null ? null : NOT_DUE,
              s.trouble() == null ? null : "trouble",
              s.asked());
        });
    return state.with(steps);
  }

  @Override
  public SagaDefinition definition() {
    return definition;
  }

  Object command() {
    return command;
  }

  @Override
  public int size() {
    return keys.size();
  }

  /** Signals that are stored in this world. */
  int stored(ModelWorld world) {
    return Integer.bitCount(world.events & ~CANCEL);
  }

  boolean isCancelStored(ModelWorld world) {
    return (world.events & CANCEL) != 0;
  }
}
