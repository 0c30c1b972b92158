package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process at one home shard: holds the lease there, and takes instances that have news, whose
 * timers are due, or whose owner's lease is over.
 *
 * <p>One thread does it, so that a claim and the comparison of what is owned with what is in memory
 * can't overtake each other: an instance whose commit had an unknown outcome is found by that
 * comparison. Everything is compared in SQL by this shard's clock.
 */
final class HomeShard {

  private static final Logger log = LoggerFactory.getLogger(HomeShard.class);

  private static final Duration LONGEST_RENEWAL = Duration.ofSeconds(1);

  /** A lease is renewed so many times before it ends, so that one late renewal does not cost it. */
  private static final int RENEWALS = 3;

  /**
   * A start's transaction can't be open for as long, so nothing is born to a node that is
   * forgotten.
   */
  private static final Duration FORGET = Duration.ofDays(1);

  private static final Duration SEEK_STRANGERS = Duration.ofMinutes(1);
  private static final Duration SHELF_TIME = Duration.ofMinutes(5);
  private static final int MAX_REASON = 1_000;
  private static final int MAX_CLAIM = 200;

  /** Claims that come to nothing, before the next owner is made to wait. */
  private static final int MAX_CLAIMS = 10;

  /** What one round has found, once it is committed. */
  private record Found(
      List<InstanceTable.Claim> claims,
      Map<UUID, List<EventTable.Row>> events,
      Map<UUID, List<StepTable.Row>> steps,
      Map<UUID, List<CallTable.Row>> calls,
      Map<UUID, Long> news,
      boolean isMore) {}

  /** An instance that can't be gone on with as it is. */
  private record Shelved(UUID id, long epoch, String reason) {}

  private final SagaEngine engine;
  private final String name;
  private final HomeClock clock;
  private final Duration renewal;
  private final InstanceTable instances;
  private final StepTable steps;
  private final EventTable events;
  private final CallTable calls;
  private final SagaNodeTable nodes;
  private final HomeWriter writer;
  private final Map<UUID, SagaRun> runs = new ConcurrentHashMap<>();
  private final HomeDefinitions definitions;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition hint = lock.newCondition();
  private final Queue<Shelved> shelf = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private boolean hinted;
  private volatile boolean stopping;
  private volatile boolean joined;
  private long renewedAt;
  private long strangersSoughtAt;
  private boolean moreOfDead;
  private @Nullable String trouble;

  HomeShard(SagaEngine engine, String name, HomeClock clock) {
    this.engine = engine;
    this.name = name;
    this.clock = clock;
    Duration part = engine.options().lease().dividedBy(RENEWALS);
    this.renewal = part.compareTo(LONGEST_RENEWAL) < 0 ? part : LONGEST_RENEWAL;
    String schema = engine.options().schema();
    this.instances = new InstanceTable(schema);
    this.steps = new StepTable(schema);
    this.events = new EventTable(schema);
    this.calls = new CallTable(schema);
    this.nodes = new SagaNodeTable(schema);
    this.writer = new HomeWriter(this, instances, steps, events);
    this.definitions = new HomeDefinitions(engine, this);
    this.thread = new Thread(this::work, "evenkeel-saga-home-" + name);
    this.thread.setDaemon(true);
  }

  String name() {
    return name;
  }

  SagaEngine engine() {
    return engine;
  }

  String node() {
    return engine.options().node();
  }

  HomeClock clock() {
    return clock;
  }

  DataSource dataSource() {
    return engine.shards().dataSource(name);
  }

  HomeDefinitions definitions() {
    return definitions;
  }

  HomeWriter writer() {
    return writer;
  }

  int active() {
    return runs.size();
  }

  boolean isStopping() {
    return stopping;
  }

  /** Whether instances may be this node's own: not before its lease is in the database. */
  boolean isJoined() {
    return joined && !stopping;
  }

  void start() {
    writer.start();
    thread.start();
  }

  /** Claims no more. What runs may end. */
  void stopClaiming() {
    stopping = true;
    hint();
    try {
      thread.join(engine.options().lease().toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives everything to whoever comes first. */
  void leave() {
    writer.stop(engine.options().lease());
    runs.values().forEach(SagaRun::release);
    runs.clear();
    if (!joined) {
      return;
    }
    try {
      ProtocolTransaction.byIndex(
          dataSource(),
          "Leaving " + this,
          c -> {
            instances.giveUp(c, node());
            nodes.leave(c, node());
            return node();
          });
    } catch (RuntimeException e) {
      log.warn(
          "The sagas of {} could not be given up; the lease will end: {}", this, e.getMessage());
    }
    joined = false;
  }

  /** There may be news: look at once. */
  void hint() {
    lock.lock();
    try {
      hinted = true;
      hint.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** For whoever has to wait before another try; ends early when the process ends. */
  void awaitPause(Duration pause) throws InterruptedException {
    lock.lock();
    try {
      long left = pause.toNanos();
      while (left > 0 && !stopping) {
        left = hint.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  // ---- instances in memory

  /** An instance is this node's own from now on, or from its transaction's commit. */
  void add(SagaRun run) {
    runs.put(run.id(), run);
  }

  /** Another owner has it, or nobody knows: whoever looks next finds it in the database. */
  void letGo(SagaRun run) {
    log.debug("Saga {} is let go", run.id());
    runs.remove(run.id(), run);
    run.release();
  }

  private void letGo(UUID id) {
    SagaRun run = runs.get(id);
    if (run != null) {
      letGo(run);
    }
  }

  /** It has ended, or waits in the database. */
  void ended(SagaRun run, SagaRun.Content content) {
    runs.remove(run.id(), run);
    InstanceState state = content.state();
    if (state.phase().isEnded()) {
      engine
          .observer()
          .ended(
              state.definition().name(),
              state.id(),
              state.phase(),
              Duration.between(state.createdAt(), clock.now()));
    }
  }

  // ---- the thread

  private void work() {
    while (!stopping) {
      try {
        boolean more = look();
        if (trouble != null) {
          log.info("{} answers again", this);
          trouble = null;
        }
        await(more ? Duration.ZERO : pollInterval());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException | Error e) { // whatever it is, the lease has to be renewed
        if (trouble == null) {
          log.warn("The sagas of {} can't be looked after now: {}", this, FailureText.of(e));
        }
        trouble = FailureText.messageOf(e);
        pauseQuietly();
      }
    }
  }

  private Duration pollInterval() {
    Duration poll = engine.options().poll();
    return poll.compareTo(renewal) < 0 ? poll : renewal;
  }

  private void pauseQuietly() {
    try {
      awaitPause(pollInterval());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void await(Duration longest) throws InterruptedException {
    lock.lock();
    try {
      long left = longest.toNanos();
      while (left > 0 && !hinted && !stopping) {
        left = hint.awaitNanos(left);
      }
      hinted = false;
    } finally {
      lock.unlock();
    }
  }

  /** One round; whether there was more to claim than one round takes. */
  private boolean look() {
    shelveAll();
    boolean renewed = renewIfDue();
    Found found =
        ProtocolTransaction.byIndex(dataSource(), "Looking after " + this, c -> find(c, renewed));
    found
        .news()
        .forEach(
            (id, seen) -> {
              SagaRun run = runs.get(id);
              if (run != null) {
                run.takeEvents(found.events().getOrDefault(id, List.of()), seen);
              }
            });
    for (InstanceTable.Claim claim : found.claims()) {
      try {
        adopt(claim, found);
      } catch (RuntimeException e) { // one that can't be read must not keep the others
        log.error("Saga {} can't be taken on", claim.row().id(), FailureText.traceOf(e));
        letGo(claim.row().id());
        shelve(
            claim.row().id(), claim.row().epoch(), "It can't be read: " + FailureText.messageOf(e));
      }
    }
    lookAgain();
    return found.isMore();
  }

  /** The lease has a transaction of its own, so that nothing else can cost it. */
  private boolean renewIfDue() {
    if (joined && System.nanoTime() - renewedAt < renewal.toNanos()) {
      return false;
    }
    long before = System.nanoTime();
    List<Integer> backends = engine.attempts().backends(name);
    Instant now =
        ProtocolTransaction.byIndex(
            dataSource(),
            "Renewing the lease at " + this,
            c -> nodes.renew(c, node(), engine.options().lease(), backends));
    clock.read(now);
    engine.attempts().named(name, backends);
    if (joined) {
      definitions.checkAgain();
    } else {
      definitions.check(); // before the first claim and the first start as an owner
    }
    renewedAt = before;
    joined = true;
    return true;
  }

  private Found find(Connection c, boolean renewed) throws SQLException {
    List<InstanceTable.Claim> claims = new ArrayList<>();
    Map<UUID, Long> news = new HashMap<>();
    if (renewed) {
      compare(c, claims, news);
    }
    if (renewed || moreOfDead) {
      moreOfDead = takeOver(c, room() - claims.size(), claims);
    }
    int fired = instances.fireTimers(c, MAX_CLAIM, clock.ahead());
    news.putAll(instances.takeNews(c, node(), MAX_CLAIM));
    int room = room() - claims.size();
    List<InstanceTable.Claim> withNews =
        room > 0 ? instances.claimNews(c, node(), definitions.claimable(), room) : List.of();
    claims.addAll(withNews);
    boolean isMore =
        moreOfDead
            || fired == MAX_CLAIM
            || news.size() >= MAX_CLAIM
            || withNews.size() >= MAX_CLAIM;
    Set<UUID> ids = new HashSet<>(news.keySet());
    claims.forEach(claim -> ids.add(claim.row().id()));
    if (ids.isEmpty()) {
      return new Found(claims, Map.of(), Map.of(), Map.of(), news, isMore);
    }
    // In new statements: what was committed with the news is visible by now.
    Map<UUID, List<EventTable.Row>> stored =
        events.read(c, ids).stream().collect(Collectors.groupingBy(EventTable.Row::sagaId));
    List<UUID> claimed = claims.stream().map(claim -> claim.row().id()).toList();
    Map<UUID, List<StepTable.Row>> rows =
        claimed.isEmpty()
            ? Map.of()
            : steps.read(c, claimed).stream().collect(Collectors.groupingBy(StepTable.Row::sagaId));
    Map<UUID, List<CallTable.Row>> asked =
        claimed.isEmpty()
            ? Map.of()
            : calls.read(c, claimed).stream().collect(Collectors.groupingBy(CallTable.Row::sagaId));
    return new Found(claims, stored, rows, asked, news, isMore);
  }

  private int room() {
    return Math.min(MAX_CLAIM, engine.room());
  }

  /**
   * Compares what is this node's own with what is in its memory. Something may be missing, such as
   * after a commit without an answer; and so may news, when taking them had no answer.
   */
  private void compare(Connection c, List<InstanceTable.Claim> claims, Map<UUID, Long> news)
      throws SQLException {
    Map<UUID, Long> owned = instances.owned(c, node());
    // Whatever begins from here on was not owned when the database was asked.
    Set<UUID> missing = new HashSet<>();
    owned.forEach(
        (id, seen) -> {
          SagaRun run = runs.get(id);
          if (run == null) {
            missing.add(id);
          } else if (run.seen() < seen) {
            news.put(id, seen);
          }
        });
    if (!missing.isEmpty()) {
      instances.sweep(c, node(), missing);
      instances.giveUpUnknown(c, node(), missing, definitions.claimable());
      claims.addAll(instances.claimOwn(c, node(), missing, definitions.claimable(), MAX_CLAIM));
    }
  }

  /** Takes instances whose owner's lease is over; whether there may be more of them. */
  private boolean takeOver(Connection c, int room, List<InstanceTable.Claim> claims)
      throws SQLException {
    List<String> dead = nodes.dead(c);
    if (System.nanoTime() - strangersSoughtAt > SEEK_STRANGERS.toNanos()) {
      strangersSoughtAt = System.nanoTime();
      dead.addAll(nodes.strangers(c));
    }
    dead.remove(node());
    if (dead.isEmpty()) {
      return false;
    }
    nodes.endSessions(c, engine.options().lease());
    List<InstanceTable.Claim> orphans =
        room > 0
            ? instances.claimOfDead(c, node(), dead, definitions.claimable(), room)
            : List.of();
    claims.addAll(orphans);
    nodes.forget(c, FORGET);
    return !orphans.isEmpty();
  }

  private void adopt(InstanceTable.Claim claim, Found found) {
    InstanceTable.Row row = claim.row();
    Optional<SagaDefinition> definition = engine.definitions().find(row.saga(), row.sagaVersion());
    if (row.state().isEnded()) {
      return; // its wake row could not go with it, and is swept up in the next round
    }
    if (definition.isEmpty()) {
      throw new IllegalStateException(
          "%s v%d is not known here".formatted(row.saga(), row.sagaVersion()));
    }
    boolean rescued = claim.previous() != null && !node().equals(claim.previous());
    if (rescued) {
      engine.observer().takenOver(row.saga());
    }
    if (rescued && row.claims() > MAX_CLAIMS) { // it may be what ends its owners
      shelve(
          row.id(),
          row.epoch(),
          "It was taken over %d times, and nothing came of it".formatted(row.claims()));
      return;
    }
    Progress progress = Progress.read(row.progress());
    InstanceState state =
        new InstanceState(
            definition.get(),
            row.id(),
            engine.codec().payloads().decode(row.command(), definition.get().commandType()),
            row.createdAt(),
            row.deadlineAt(),
            row.state(),
            row.forwardOnly(),
            SagaCodec.failure(row.failure()),
            row.localParticipants(),
            Map.of(),
            List.of());
    SagaRun run =
        new SagaRun(
            this,
            engine.coordinator(),
            state,
            row.slot(),
            row.epoch(),
            row.version(),
            claim.seen(),
            engine.headers(row.id(), HeadersJson.stored(row.headers())),
            progress,
            row.parent(),
            row.stuckReason());
    List<SagaNews> news = new ArrayList<>();
    // First what is known at home only: an operator's word counts more than a participant's fence.
    List<CallTable.Row> asked = found.calls().getOrDefault(row.id(), List.of());
    asked.forEach(call -> news.addAll(engine.runner().news(state, call)));
    for (StepTable.Row step : found.steps().getOrDefault(row.id(), List.of())) {
      SagaNews told = engine.runner().news(state, step);
      if (told != null) {
        news.add(told);
      }
    }
    SagaRun before = runs.put(row.id(), run);
    if (before != null) {
      before.release(); // its epoch is over
    }
    if (rescued) {
      run.noteTakenOver("from " + claim.previous());
    }
    run.hasRead(name);
    run.learn(news);
    run.resume(asked);
    run.takeEvents(found.events().getOrDefault(row.id(), List.of()), claim.seen());
  }

  /** Has an instance marked as stuck, given up, and tried again after a while. */
  void shelve(UUID id, long epoch, String reason) {
    shelf.add(new Shelved(id, epoch, StorableText.of(reason, MAX_REASON)));
    hint();
  }

  private void shelveAll() {
    Shelved shelved = shelf.peek();
    while (shelved != null) {
      Shelved current = shelved;
      engine.onHome(
          this,
          "Shelving saga " + current.id(),
          c -> {
            instances.shelve(
                c,
                node(),
                current.id(),
                current.epoch(),
                current.reason(),
                SHELF_TIME,
                clock.ahead());
            return current;
          });
      letGo(current.id());
      shelf.remove();
      shelved = shelf.peek();
    }
  }

  /** Instances whose time has come. */
  private void lookAgain() {
    Instant now = clock.now();
    for (SagaRun run : runs.values()) {
      Instant lookAt = run.lookAt();
      if (lookAt != null && !lookAt.isAfter(now)) {
        run.take(new SagaNews.Look());
      }
    }
  }

  @Override
  public String toString() {
    return "shard " + name;
  }
}
