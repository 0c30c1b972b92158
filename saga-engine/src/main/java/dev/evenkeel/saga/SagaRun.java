package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureText;
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

  /** Answers mostly come soon: until then it stays, and is spared a write and a claim. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** Wait after a write was refused because news had come. */
  private static final Duration AGAIN = Duration.ofMillis(100);

  private static final int MAX_TROUBLE = 1_000;

  /**
   * What a write says beside epoch and version, which only the writer knows.
   *
   * @param seen the news that were looked at
   * @param unlessNews whether nothing is written when there are others
   * @param park whether the instance is given up, because it only waits
   * @param parkUntil when it has to be looked at again; null for never
   */
  record Content(
      InstanceState state,
      String progress,
      @Nullable String trouble,
      long seen,
      boolean unlessNews,
      boolean park,
      @Nullable Instant parkUntil,
      Set<UUID> waitsFor,
      List<Awaited> awaited,
      List<Long> taken,
      List<CallTable.Sending> sendings,
      List<CallTable.Answer> answers) {}

  /** What a refused write takes back. */
  private record Before(InstanceState state, Progress progress) {}

  private final HomeShard home;
  private final SagaCoordinator coordinator;
  private final UUID id;
  private final int slot;
  private final long epoch;
  private final Map<String, String> headers;
  private final InstanceTable.@Nullable Parent parent;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<SagaNews> backlog = new ArrayDeque<>();
  private final Set<Long> read = new HashSet<>();
  private final Set<Long> taken = new LinkedHashSet<>();
  private final StepPlaces places;
  private final Calls calls;
  private final Set<String> shardsRead = new HashSet<>();
  private final Map<StepKey, Long> begunAt = new HashMap<>();

  /** Only the home shard's writer touches it. */
  private long version;

  private InstanceState state;
  private Progress progress;
  private long seen;

  /** What has to be committed before anything follows; null when nothing has. */
  private @Nullable Content first;

  private @Nullable Before before;
  private @Nullable String earlierTrouble;
  private boolean released;
  private @Nullable Instant againAt;
  private @Nullable Instant patientUntil;
  private volatile @Nullable Instant lookAt;

  /**
   * Makes a run; nothing happens before {@link #take}.
   *
   * @param seen the news that are about to be given to it
   * @param parent the step that it is; null for a saga of its own
   * @param earlierTrouble why it was stuck with an earlier owner; null when it was not
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
      Progress progress,
      InstanceTable.@Nullable Parent parent,
      @Nullable String earlierTrouble) {
    this.home = home;
    this.coordinator = coordinator;
    this.id = state.id();
    this.slot = slot;
    this.epoch = epoch;
    this.version = version;
    this.seen = seen;
    this.headers = headers;
    this.parent = parent;
    this.places = new StepPlaces(home, slot);
    this.calls = new Calls(places, home.engine().codec());
    this.progress = progress;
    this.earlierTrouble = earlierTrouble;
    Map<StepKey, StepState> steps = new HashMap<>();
    progress
        .attempts()
        .forEach(
            (key, count) ->
                steps.put(key, StepState.UNTOUCHED.resumed(count.attempts(), count.tries())));
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

  /** The step that it is; null for a saga of its own. */
  InstanceTable.@Nullable Parent parent() {
    return parent;
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

  /** What an earlier owner has asked of participants; after what is known of its outcome. */
  void resume(List<CallTable.Row> earlier) {
    lock.lock();
    try {
      state = calls.resume(state, earlier);
    } finally {
      lock.unlock();
    }
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

  /** A step waits for a lock that another saga has; since when. */
  Instant waitsFor(StepKey key, UUID holder) {
    lock.lock();
    try {
      if (progress.waits(key, holder, now())) {
        home.writer().later(this); // so that the others can see it
      }
      return progress.waitsSince(key);
    } finally {
      lock.unlock();
    }
  }

  /** What has an outcome waits for nothing, and nothing does once the saga turns back. */
  private boolean waitsNoMore(StepKey key) {
    return state.phase() != SagaState.RUNNING || state.step(key).outcome() != null;
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
          news.add(news(event));
        }
      }
    } catch (RuntimeException e) { // one that can't be read must not keep other sagas
      shelve("What was stored for it can't be read: " + FailureText.messageOf(e), e);
      return;
    } finally {
      lock.unlock();
    }
    news.add(new SagaNews.Look());
    home.engine().launch(follow(news));
  }

  /** Whether that step has to happen, so that nobody may refuse it. */
  boolean isIrrefusable(StepKey key) {
    return ((ActionStep) state.definition().step(key.step())).kind() == StepKind.RETRIABLE;
  }

  private SagaNews news(EventTable.Row event) {
    return switch (event.kind()) {
      case CANCEL ->
          new SagaNews.Cancelled(
              event.position(),
              new String(event.payload(), java.nio.charset.StandardCharsets.UTF_8));
      case REPLY ->
          SagaReply.read(event.payload())
              .news(event.position(), state.definition(), home.engine().codec(), now());
      case RETRY, SKIP, RESOLVE -> decided(event);
      case SIGNAL ->
          new SagaNews.Signalled(
              new InstanceState.Signal(event.position(), event.type(), event.payload()));
    };
  }

  private SagaNews decided(EventTable.Row event) {
    OperatorDecision what = OperatorDecision.read(event.payload());
    String name = what.step();
    StepDefinition step = name == null ? null : state.definition().find(name);
    return new SagaNews.Decided(
        event.position(),
        what,
        step == null ? null : home.engine().codec().result(what.result(), step.resultType()));
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
    while (!released && first == null) {
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
      shelve("It can't go on: " + FailureText.messageOf(e), e);
      return;
    }
    Before back = null;
    if (decision.unlessNews()) {
      back = new Before(state, progress.copy());
    }
    SagaState phase = state.phase();
    String troubleBefore = trouble();
    state = decision.state();
    taken.addAll(decision.taken());
    lookAt = decision.lookAt();
    progress.waitNoMore(this::waitsNoMore);
    if (state.phase() != phase) {
      progress.forgetAttempts();
      SagaFailure failure = state.failure();
      note(Kind.STATE, state.phase() + (failure == null ? "" : ": " + failure.message()));
    }
    news.forEach(this::count);
    news.forEach(n -> calls.note(n, state, now));
    String trouble = trouble();
    if (trouble != null && troubleBefore == null) {
      note(Kind.STUCK, trouble);
      log.warn("Saga {} is stuck: {}", id, trouble);
      home.engine().observer().stuck(state.definition().name(), state.troubledStep());
    }
    for (Awaited awaited : decision.awaited()) {
      progress.add(
          now,
          kind(awaited.outcome()),
          awaited.key(),
          false,
          0,
          home.name(),
          Duration.ZERO,
          awaited.event() == null && awaited.outcome() != Outcome.SKIPPED ? "it did not come" : "");
    }
    if (decision.write() == Decision.Write.FIRST) {
      before = back;
      writeFirst(
          content(
              decision.unlessNews(), false, null, decision.awaited(), sendings(decision.sends())));
    } else if (decision.write() == Decision.Write.LATER) {
      home.writer().later(this);
    }
    decision.effects().forEach(effect -> perform(effect, tasks));
  }

  /** What is asked of participants; a command that can't be made is news, and not sent. */
  private List<CallTable.Sending> sendings(List<Decision.Send> sends) {
    List<CallTable.Sending> sendings = new ArrayList<>();
    for (Decision.Send send : sends) {
      begunAt.putIfAbsent(send.key(), System.nanoTime());
      stayFor(PATIENCE);
      try {
        sendings.add(calls.sending(state, send));
      } catch (RuntimeException e) {
        backlog.add(failed(send.key(), send.work(), SagaNews.Failed.Kind.INPUT, e));
      }
    }
    return sendings;
  }

  private void stayFor(Duration patience) {
    patientUntil = now().plus(patience);
  }

  private static SagaNews.Failed failed(
      StepKey key, Work work, SagaNews.Failed.Kind kind, RuntimeException e) {
    return new SagaNews.Failed(
        key,
        work,
        e instanceof InstanceState.InputException ? SagaNews.Failed.Kind.INPUT : kind,
        e.getClass().getSimpleName(),
        String.valueOf(e.getMessage()));
  }

  /** Why it is stuck; an earlier owner's reason holds until something succeeds. */
  private @Nullable String trouble() {
    String trouble = state.trouble();
    return trouble != null ? trouble : earlierTrouble;
  }

  /** Gives it up as it is, to be tried again after a while. */
  private void shelve(String reason, RuntimeException cause) {
    log.error("Saga {} is stuck", id, FailureText.traceOf(cause));
    released = true;
    backlog.clear();
    home.shelve(id, epoch, reason);
  }

  private void perform(Effect effect, List<StepTask> tasks) {
    ActionStep step = (ActionStep) state.definition().step(effect.key().step());
    begunAt.put(effect.key(), System.nanoTime());
    SagaNews.Failed.Kind kind = SagaNews.Failed.Kind.ERROR; // of a slot strategy, too
    try {
      StepPlaces.Place place = places.of(state, step, effect.key());
      kind = SagaNews.Failed.Kind.OUTAGE; // the slot map is not known, or the slot is moving
      String shard = home.engine().shards().shardOf(place.slot());
      // What is known to be done and was not among its shard's rows must not be done again.
      boolean isMissing = effect.work() != Work.UNDO && progress.isDone(effect.key());
      boolean readFirst = effect.again() || isMissing || (epoch > 1 && !shardsRead.contains(shard));
      tasks.add(
          new StepTask(this, state, step, place.code(), effect, place.slot(), shard, readFirst));
    } catch (RuntimeException e) {
      backlog.add(failed(effect.key(), effect.work(), kind, e));
    }
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
    if (news instanceof SagaNews.Answered answered) {
      if (state.step(answered.key()).asked().sendings() > 0) {
        record(answered.what());
      }
    } else if (news instanceof SagaNews.Handed) {
      stayFor(PATIENCE);
    } else if (news instanceof SagaNews.Ended ended) {
      if (state.step(ended.key()).outcome() != null || isAwait(ended.key())) {
        return;
      }
      if (ended.outcome().lets()) {
        if (progress.isDone(ended.key())) {
          return; // an earlier owner has noted it
        }
        progress.done(ended.key());
        earlierTrouble = null;
      }
      SagaFailure failure = ended.failure();
      line(kind(ended.outcome()), ended.key(), failure == null ? "" : failure.message());
    } else if (news instanceof SagaNews.Decided decided) {
      StepKey key = decided.what().step() == null ? null : decided.key();
      // One that is not carried out yet is told to each owner.
      if (key == null || !progress.has(Kind.DECIDED, key.step(), decided.what().line())) {
        progress.add(
            now(),
            Kind.DECIDED,
            key,
            key != null && key.item() > 0,
            0,
            null,
            Duration.ZERO,
            decided.what().line());
      }
    } else if (news instanceof SagaNews.Undone undone) {
      if (!state.step(undone.key()).undone()) {
        earlierTrouble = null;
        line(Kind.COMPENSATED, undone.key(), "");
      }
    } else if (news instanceof SagaNews.Failed failed) {
      if (failed.kind() == SagaNews.Failed.Kind.LOCKED) {
        if (!progress.endsWith(Kind.LOCKED, failed.key())) {
          line(Kind.LOCKED, failed.key(), failed.message());
        }
      } else if (failed.kind() != SagaNews.Failed.Kind.OUTAGE) {
        line(
            failed.work() == Work.UNDO || failed.work() == Work.RESOLVE
                ? Kind.COMPENSATION_FAILED
                : Kind.FAILED,
            failed.key(),
            failed.message());
      } else if (!progress.endsWith(Kind.UNAVAILABLE, failed.key())) {
        line(Kind.UNAVAILABLE, failed.key(), failed.message());
      }
    }
  }

  private static Kind kind(Outcome outcome) {
    return switch (outcome) {
      case DONE -> Kind.DONE;
      case SKIPPED -> Kind.SKIPPED;
      case REFUSED -> Kind.REFUSED;
      case UNKNOWN -> Kind.UNKNOWN;
      default -> Kind.FENCED;
    };
  }

  /** Failures as the coordinator has counted them. */
  private void count(SagaNews news) {
    if (news instanceof SagaNews.Answered answered) {
      count(answered.what());
    } else if (news instanceof SagaNews.Failed failed) {
      if (failed.kind() == SagaNews.Failed.Kind.ERROR) { // until its next attempt
        progress.waitNoMore(failed.key()::equals);
      }
      StepState step = state.step(failed.key());
      if (step.tries() > 0 && step.outcome() == null) {
        progress.attempts(failed.key(), new Progress.Count(step.attempts(), step.tries()));
      }
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
        places.name(state, step, key),
        begun == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - begun),
        detail);
  }

  // ---- writing

  private void writeFirst(Content content) {
    first = content;
    home.writer().first(this, content);
  }

  private Content content(
      boolean unlessNews,
      boolean park,
      @Nullable Instant until,
      List<Awaited> awaited,
      List<CallTable.Sending> sendings) {
    String trouble = trouble();
    return new Content(
        state,
        progress.write(),
        trouble == null ? null : StorableText.of(trouble, MAX_TROUBLE),
        seen,
        unlessNews,
        park,
        until,
        progress.waitsFor(),
        awaited,
        List.copyOf(taken),
        sendings,
        calls.answers());
  }

  /** What is to be written at some time; null when another write comes first, or it is over. */
  @Nullable Content laterContent() {
    lock.lock();
    try {
      return released || first != null ? null : content(false, false, null, List.of(), List.of());
    } finally {
      lock.unlock();
    }
  }

  /** A write is committed; whether the instance is over for this owner. */
  @SuppressWarnings("ReferenceEquality") // this very write, not one that says the same
  boolean written(Content content) {
    List<StepTask> tasks = new ArrayList<>();
    lock.lock();
    try {
      taken.removeAll(content.taken());
      calls.written(content.answers());
      if (content.park() || content.state().phase().isEnded()) {
        released = true;
        return true;
      }
      // A write that could have waited opens no gate: another one may be on its way.
      if (first == content) {
        first = null;
        before = null;
        backlog.addFirst(new SagaNews.Look());
        drain(tasks);
      }
    } finally {
      lock.unlock();
    }
    home.engine().launch(tasks);
    return false;
  }

  /** A write was refused because there is news: it is as if it had not been decided on. */
  @SuppressWarnings("ReferenceEquality") // this very write, not one that says the same
  void refused(Content content) {
    List<StepTask> tasks = new ArrayList<>();
    lock.lock();
    try {
      if (first != content) {
        return;
      }
      first = null;
      if (before != null) {
        state = before.state();
        progress = before.progress();
        before = null;
      }
      againAt = now().plus(AGAIN);
      lookAt = againAt;
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

  /** Up to where its news were looked at. */
  long seen() {
    lock.lock();
    try {
      return seen;
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
    if (againAt != null && againAt.isAfter(now)) {
      lookAt = againAt;
      return;
    }
    if (patientUntil != null && patientUntil.isAfter(now)) {
      lookAt = patientUntil;
      return;
    }
    writeFirst(content(true, true, until, List.of(), List.of()));
  }
}
