package dev.evenkeel.saga;

import dev.evenkeel.saga.Decision.Awaited;
import dev.evenkeel.saga.Decision.Effect;
import dev.evenkeel.saga.SagaHistoryEntry.Kind;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.AwaitStep;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance in its owner's memory: takes news one at a time, has the coordinator decide, and
 * hands on what follows. While a write that has to come first is under way, news wait. Thread-safe.
 */
final class SagaRun {

  private static final Logger log = LoggerFactory.getLogger(SagaRun.class);

  /** What waits for longer than this waits in the database. */
  private static final Duration PARK_BEYOND = Duration.ofSeconds(2);

  /** Wait before an instance that can't be decided on is tried again. */
  private static final Duration BROKEN_PAUSE = Duration.ofMinutes(5);

  /** Wait after news came just as the instance was being parked. */
  private static final Duration PARK_AGAIN = Duration.ofMillis(100);

  /** What a write says beside epoch and version, which only the writer knows. */
  record Content(
      InstanceState state,
      String progress,
      @Nullable String trouble,
      long seen,
      boolean park,
      @Nullable Instant parkUntil,
      boolean keepClaims,
      List<Awaited> awaited,
      List<Long> taken) {}

  private final HomeShard home;
  private final SagaCoordinator coordinator;
  private final UUID id;
  private final int slot;
  private final long epoch;
  private final Map<String, String> headers;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<SagaNews> backlog = new ArrayDeque<>();
  private final Progress progress;
  private final Set<Long> read = new HashSet<>();
  private final Set<Long> taken = new LinkedHashSet<>();
  private final Set<String> shardsRead = new HashSet<>();
  private final Map<StepKey, Long> begunAt = new HashMap<>();

  /** Only the home shard's writer touches it. */
  private long version;

  private InstanceState state;
  private long seen;
  private boolean writing;
  private boolean released;
  private @Nullable Instant parkNotBefore;
  private volatile @Nullable Instant lookAt;

  /**
   * Makes a run; nothing happens before {@link #take}.
   *
   * @param seen the news that are about to be given to it
   */
  SagaRun(
      HomeShard home,
      SagaCoordinator coordinator,
      InstanceState state,
      int slot,
      long epoch,
      long version,
      long seen,
      Map<String, String> headers,
      Progress progress) {
    this.home = home;
    this.coordinator = coordinator;
    this.id = state.id();
    this.slot = slot;
    this.epoch = epoch;
    this.version = version;
    this.seen = seen;
    this.headers = headers;
    this.progress = progress;
    Map<StepKey, StepState> steps = new HashMap<>(state.steps());
    for (StepKey key : progress.attempted()) {
      steps.put(key, steps.getOrDefault(key, StepState.UNTOUCHED).resumed(progress.attempts(key)));
    }
    this.state = state.with(steps);
  }

  UUID id() {
    return id;
  }

  int slot() {
    return slot;
  }

  long epoch() {
    return epoch;
  }

  long version() {
    return version;
  }

  void wrote(long newVersion) {
    version = newVersion;
  }

  Map<String, String> headers() {
    return headers;
  }

  HomeClock clock() {
    return home.clock();
  }

  Instant now() {
    return home.clock().now();
  }

  HomeShard home() {
    return home;
  }

  /** When to look at it again at the latest; null for never. */
  @Nullable Instant lookAt() {
    return lookAt;
  }

  /** All rows of that shard are known from now on. */
  void hasRead(String shard) {
    lock.lock();
    try {
      shardsRead.add(shard);
    } finally {
      lock.unlock();
    }
  }

  boolean isKnownDone(StepKey key) {
    lock.lock();
    try {
      return progress.isDone(key);
    } finally {
      lock.unlock();
    }
  }

  // ---- news

  /** Takes news; what follows is handed on. */
  void take(SagaNews news) {
    home.engine().launch(follow(List.of(news)));
  }

  /** Takes the news that a claim or a look found: events that were not given to it before. */
  void takeEvents(List<EventTable.Row> events, long newSeen) {
    List<SagaNews> news = new ArrayList<>();
    lock.lock();
    try {
      seen = Math.max(seen, newSeen);
      for (EventTable.Row event : events) {
        if (read.add(event.position())) {
          news.add(
              event.kind() == EventTable.Kind.CANCEL
                  ? new SagaNews.Cancelled(
                      event.position(),
                      new String(event.payload(), java.nio.charset.StandardCharsets.UTF_8))
                  : new SagaNews.Signalled(
                      new InstanceState.Signal(event.position(), event.type(), event.payload())));
        }
      }
    } finally {
      lock.unlock();
    }
    news.add(new SagaNews.Look());
    home.engine().launch(follow(news));
  }

  /** Takes news; the tasks that follow are the caller's to run. */
  List<StepTask> follow(List<SagaNews> news) {
    List<StepTask> tasks = new ArrayList<>();
    lock.lock();
    try {
      backlog.addAll(news);
      drain(tasks);
    } finally {
      lock.unlock();
    }
    return tasks;
  }

  private void drain(List<StepTask> tasks) {
    while (!released && !writing) {
      List<SagaNews> news = List.copyOf(backlog);
      backlog.clear();
      if (news.isEmpty()) {
        park();
        return;
      }
      news.forEach(this::record);
      decide(news, tasks);
    }
  }

  /** What rows tell about it, before anything is decided. */
  void learn(List<SagaNews> rows) {
    lock.lock();
    try {
      rows.forEach(this::record);
      state = coordinator.learn(state, rows, now());
    } finally {
      lock.unlock();
    }
  }

  private void decide(List<SagaNews> news, List<StepTask> tasks) {
    Instant now = now();
    Decision decision;
    try {
      decision = coordinator.decide(state, news, now);
    } catch (RuntimeException e) { // such as a stored event that can't be read
      log.error("Saga {} can't go on", id, e);
      parkAsStuck("It can't go on: " + e.getMessage(), BROKEN_PAUSE);
      return;
    }
    SagaState before = state.phase();
    String troubleBefore = state.trouble();
    state = decision.state();
    taken.addAll(decision.taken());
    lookAt = decision.lookAt();
    if (state.phase() != before) {
      progress.forgetAttempts();
      SagaFailure failure = state.failure();
      note(Kind.STATE, state.phase() + (failure == null ? "" : ": " + failure.message()));
    }
    String trouble = state.trouble();
    if (trouble != null && !trouble.equals(troubleBefore)) {
      if (troubleBefore == null) {
        home.engine().observer().stuck(state.definition().name(), null);
      }
      note(Kind.STUCK, trouble);
      log.warn("Saga {} is stuck: {}", id, trouble);
    }
    for (Awaited awaited : decision.awaited()) {
      progress.add(
          now,
          awaited.outcome() == Outcome.DONE ? Kind.DONE : Kind.REFUSED,
          awaited.key(),
          false,
          0,
          home.name(),
          Duration.ZERO,
          awaited.event() == null ? "it did not come" : "");
    }
    if (decision.write() == Decision.Write.FIRST) {
      writing = true;
      home.writer().first(this, content(false, null, decision.awaited()));
      return;
    }
    if (decision.write() == Decision.Write.LATER) {
      home.writer().later(this);
    }
    decision.effects().forEach(effect -> perform(effect, tasks));
  }

  private void perform(Effect effect, List<StepTask> tasks) {
    ActionStep step = (ActionStep) state.definition().step(effect.key().step());
    begunAt.put(effect.key(), System.nanoTime());
    try {
      int stepSlot = slot(step, effect.key());
      String shard = home.engine().shards().shardOf(stepSlot);
      // What is known to be done and was not among its shard's rows must not be done again.
      boolean isMissing = effect.work() != Work.UNDO && progress.isDone(effect.key());
      boolean readFirst = effect.again() || isMissing || (epoch > 1 && !shardsRead.contains(shard));
      tasks.add(new StepTask(this, state, step, effect, stepSlot, shard, readFirst));
    } catch (RuntimeException e) {
      SagaNews.Failed.Kind kind =
          e instanceof InstanceState.InputException
              ? SagaNews.Failed.Kind.INPUT
              : SagaNews.Failed.Kind.OUTAGE; // the slot map is not known, or the slot is moving
      backlog.add(
          new SagaNews.Failed(
              effect.key(),
              effect.work(),
              kind,
              e.getClass().getSimpleName(),
              String.valueOf(e.getMessage())));
    }
  }

  private int slot(ActionStep step, StepKey key) {
    ActionStep.Reader<@Nullable String> reader = step.shardKey();
    if (reader == null) {
      return slot;
    }
    String shardKey;
    try {
      shardKey = reader.read(new StepInput(state, step, key, null));
    } catch (RuntimeException e) {
      throw new InstanceState.InputException(
          "The shard key of step \"%s\" can't be read: %s".formatted(key, e.getMessage()), e);
    }
    if (shardKey == null || shardKey.isBlank()) {
      throw new InstanceState.InputException(
          "The shard key of step \"%s\" is %s".formatted(key, shardKey == null ? "null" : "blank"),
          null);
    }
    return home.engine().slotOf(step.shardStrategy(), shardKey);
  }

  // ---- history

  private void note(Kind kind, String detail) {
    progress.add(now(), kind, null, false, 0, null, Duration.ZERO, detail);
  }

  /** An earlier owner's instance. */
  void noteTakenOver(String from) {
    lock.lock();
    try {
      note(Kind.TAKEN_OVER, from);
    } finally {
      lock.unlock();
    }
  }

  private void record(SagaNews news) {
    if (news instanceof SagaNews.Ended ended) {
      if (state.step(ended.key()).outcome() != null || isAwait(ended.key())) {
        return;
      }
      if (ended.outcome().lets()) {
        if (progress.isDone(ended.key())) {
          return; // an earlier owner has noted it
        }
        progress.done(ended.key());
      }
      SagaFailure failure = ended.failure();
      line(
          ended.outcome() == Outcome.DONE || ended.outcome() == Outcome.SKIPPED
              ? Kind.DONE
              : ended.outcome() == Outcome.REFUSED ? Kind.REFUSED : Kind.FENCED,
          ended.key(),
          failure == null ? "" : failure.message());
    } else if (news instanceof SagaNews.Undone undone) {
      if (!state.step(undone.key()).undone()) {
        line(Kind.COMPENSATED, undone.key(), "");
      }
    } else if (news instanceof SagaNews.Failed failed) {
      int attempts = state.step(failed.key()).attempts() + 1;
      if (failed.kind() == SagaNews.Failed.Kind.OUTAGE) {
        if (state.step(failed.key()).tries() == 0) { // the first of an outage tells it all
          line(Kind.UNAVAILABLE, failed.key(), failed.message());
        }
        return;
      }
      progress.attempts(failed.key(), attempts);
      line(
          failed.work() == Work.UNDO ? Kind.COMPENSATION_FAILED : Kind.FAILED,
          failed.key(),
          failed.message());
    }
  }

  private boolean isAwait(StepKey key) {
    return state.definition().step(key.step()) instanceof AwaitStep;
  }

  private void line(Kind kind, StepKey key, String detail) {
    StepDefinition step = state.definition().step(key.step());
    Long begun = begunAt.remove(key);
    progress.add(
        now(),
        kind,
        key,
        step instanceof ActionStep action && action.isForEach(),
        state.step(key).attempts() + 1,
        shardOf(step, key),
        begun == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - begun),
        detail);
  }

  private @Nullable String shardOf(StepDefinition step, StepKey key) {
    try {
      return step instanceof ActionStep action
          ? home.engine().shards().shardOf(slot(action, key))
          : home.name();
    } catch (RuntimeException e) {
      return null;
    }
  }

  // ---- writing

  private Content content(boolean park, @Nullable Instant until, List<Awaited> awaited) {
    return new Content(
        state,
        progress.write(),
        state.trouble(),
        seen,
        park,
        until,
        false,
        awaited,
        List.copyOf(taken));
  }

  /** What is to be written at some time; null when another write is under way or it is over. */
  @Nullable Content laterContent() {
    lock.lock();
    try {
      return released || writing ? null : content(false, null, List.of());
    } finally {
      lock.unlock();
    }
  }

  /** A write is committed; whether the instance is over for this owner. */
  boolean written(Content content) {
    List<StepTask> tasks = new ArrayList<>();
    lock.lock();
    try {
      taken.removeAll(content.taken());
      if (content.park() || content.state().phase().isEnded()) {
        released = true;
        return true;
      }
      if (writing) {
        writing = false;
        backlog.addFirst(new SagaNews.Look());
        drain(tasks);
      }
    } finally {
      lock.unlock();
    }
    home.engine().launch(tasks);
    return false;
  }

  /** News came as it was being parked. */
  void notParked() {
    List<StepTask> tasks = new ArrayList<>();
    lock.lock();
    try {
      writing = false;
      parkNotBefore = now().plus(PARK_AGAIN);
      drain(tasks);
    } finally {
      lock.unlock();
    }
    home.engine().launch(tasks);
  }

  /** Another owner has it, or it was given up. */
  void release() {
    lock.lock();
    try {
      released = true;
      backlog.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Gives up memory and ownership where nothing is left but waiting. */
  private void park() {
    if (state.phase().isEnded() || state.isWorking()) {
      return;
    }
    Instant now = now();
    Instant until = lookAt;
    if (until != null && until.isBefore(now.plus(PARK_BEYOND))) {
      return;
    }
    if (parkNotBefore != null && parkNotBefore.isAfter(now)) {
      lookAt = parkNotBefore;
      return;
    }
    writing = true;
    home.writer().first(this, content(true, until, List.of()));
  }

  /** Waits before it is tried again: taken over again and again, and nothing came of it. */
  void parkAsStuck(String reason, Duration pause) {
    lock.lock();
    try {
      writing = true;
      note(Kind.STUCK, reason);
      home.writer()
          .first(
              this,
              new Content(
                  state,
                  progress.write(),
                  reason,
                  seen,
                  true,
                  now().plus(pause),
                  true,
                  List.of(),
                  List.of()));
    } finally {
      lock.unlock();
    }
  }
}
