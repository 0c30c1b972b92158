package dev.evenkeel.saga;

import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitions;
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
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
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

  private static final Duration RENEW = Duration.ofSeconds(1);

  /**
   * A start's transaction can't be open for as long, so nothing is born to a node that is
   * forgotten.
   */
  private static final Duration FORGET = Duration.ofDays(1);

  private static final Duration POISON_PAUSE = Duration.ofMinutes(5);
  private static final int MAX_CLAIM = 200;

  /** Claims that come to nothing, before the next owner is made to wait. */
  private static final int MAX_CLAIMS = 10;

  private record Found(
      List<InstanceTable.Claim> claims,
      Map<UUID, List<EventTable.Row>> events,
      Map<UUID, List<StepTable.Row>> steps,
      Map<UUID, Long> news,
      boolean more) {}

  private final SagaEngine engine;
  private final String name;
  private final HomeClock clock;
  private final InstanceTable instances;
  private final StepTable steps;
  private final EventTable events;
  private final SagaNodeTable nodes;
  private final HomeWriter writer;
  private final Map<UUID, SagaRun> runs = new ConcurrentHashMap<>();
  private final List<String> sagas = new ArrayList<>();
  private final List<Integer> versions = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition hint = lock.newCondition();
  private final Thread thread;
  private boolean hinted;
  private volatile boolean stopping;
  private volatile boolean joined;
  private long renewedAt;
  private boolean moreOfDead;
  private @Nullable String trouble;

  HomeShard(SagaEngine engine, String name, HomeClock clock) {
    this.engine = engine;
    this.name = name;
    this.clock = clock;
    String schema = engine.options().schema();
    this.instances = new InstanceTable(schema);
    this.steps = new StepTable(schema);
    this.events = new EventTable(schema);
    this.nodes = new SagaNodeTable(schema);
    this.writer = new HomeWriter(this, instances, steps, events);
    for (SagaDefinition definition : engine.definitions().all()) {
      sagas.add(definition.name());
      versions.add(definition.version());
    }
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
      ProtocolTransaction.inTransaction(
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
      hint.signal();
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

  /** Its transaction did not commit, or nobody knows. */
  void remove(SagaRun run) {
    runs.remove(run.id(), run);
    run.release();
  }

  /** Somebody else's, or nobody knows. */
  void letGo(SagaRun run) {
    log.debug("Saga {} is let go", run.id());
    remove(run);
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
        await(more ? Duration.ZERO : engine.options().poll());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException | Error e) { // whatever it is, the lease has to be renewed
        if (trouble == null) {
          log.warn("The sagas of {} can't be looked after now: {}", this, e.toString());
        }
        trouble = String.valueOf(e.getMessage());
        pauseQuietly();
      }
    }
  }

  private void pauseQuietly() {
    try {
      awaitPause(engine.options().poll());
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
    boolean renew = !joined || System.nanoTime() - renewedAt >= RENEW.toNanos();
    Found found =
        ProtocolTransaction.inTransaction(
            dataSource(), "Looking after " + this, c -> find(c, renew));
    if (renew) {
      joined = true;
    }
    for (InstanceTable.Claim claim : found.claims()) {
      adopt(claim, found);
    }
    found
        .news()
        .forEach(
            (id, seen) -> {
              SagaRun run = runs.get(id);
              if (run != null) {
                run.takeEvents(found.events().getOrDefault(id, List.of()), seen);
              }
            });
    lookAgain();
    return found.more();
  }

  private Found find(Connection c, boolean renew) throws SQLException {
    List<InstanceTable.Claim> claims = new ArrayList<>();
    int room = Math.min(MAX_CLAIM, engine.room());
    if (renew) {
      long before = System.nanoTime();
      clock.read(
          nodes.renew(c, node(), engine.options().lease(), engine.attempts().backends(name)));
      renewedAt = before;
      claims.addAll(forgotten(c));
    }
    if (renew || moreOfDead) {
      moreOfDead = false;
      List<String> dead = nodes.dead(c);
      dead.remove(node());
      if (!dead.isEmpty()) {
        nodes.endSessions(c, engine.options().lease());
        List<InstanceTable.Claim> orphans =
            room > 0 ? instances.claimOfDead(c, node(), dead, sagas, versions, room) : List.of();
        moreOfDead = !orphans.isEmpty();
        claims.addAll(orphans);
        nodes.forget(c, FORGET);
      }
    }
    int fired = instances.fireTimers(c, MAX_CLAIM, clock.ahead());
    Map<UUID, Long> news = instances.takeNews(c, node(), MAX_CLAIM);
    room = Math.min(room, engine.room() - claims.size());
    List<InstanceTable.Claim> withNews =
        room > 0 ? instances.claimNews(c, node(), sagas, versions, room) : List.of();
    claims.addAll(withNews);
    Set<UUID> ids = new HashSet<>(news.keySet());
    claims.forEach(claim -> ids.add(claim.row().id()));
    if (ids.isEmpty()) {
      return new Found(claims, Map.of(), Map.of(), news, fired == MAX_CLAIM);
    }
    // In new statements: what was committed with the news is visible by now.
    Map<UUID, List<EventTable.Row>> stored = new HashMap<>();
    events
        .read(c, ids)
        .forEach(e -> stored.computeIfAbsent(e.sagaId(), id -> new ArrayList<>()).add(e));
    Map<UUID, List<StepTable.Row>> rows = new HashMap<>();
    if (!claims.isEmpty()) {
      List<UUID> claimed = claims.stream().map(claim -> claim.row().id()).toList();
      steps
          .read(c, claimed)
          .forEach(r -> rows.computeIfAbsent(r.sagaId(), id -> new ArrayList<>()).add(r));
    }
    boolean more = moreOfDead || fired == MAX_CLAIM || withNews.size() == MAX_CLAIM;
    return new Found(claims, stored, rows, news, more);
  }

  /** What is this node's own and not in its memory, such as after a commit without an answer. */
  private List<InstanceTable.Claim> forgotten(Connection c) throws SQLException {
    Set<UUID> missing = instances.owned(c, node());
    // Whatever begins now was not owned when the database was asked.
    missing.removeAll(runs.keySet());
    if (missing.isEmpty()) {
      return List.of();
    }
    instances.sweep(c, missing);
    return instances.claimOwn(c, node(), missing, MAX_CLAIM);
  }

  private void adopt(InstanceTable.Claim claim, Found found) {
    InstanceTable.Row row = claim.row();
    SagaDefinitions definitions = engine.definitions();
    Optional<SagaDefinition> definition = definitions.find(row.saga(), row.sagaVersion());
    if (definition.isEmpty()) {
      log.error(
          "Saga {} was claimed, and {} v{} is not known here",
          row.id(),
          row.saga(),
          row.sagaVersion());
      return;
    }
    if (row.state().isEnded()) {
      return; // its wake row could not go with it, and is swept up in the next round
    }
    Progress progress = Progress.read(row.progress());
    InstanceState state;
    try {
      state =
          new InstanceState(
              definition.get(),
              row.id(),
              engine.codec().payloads().decode(row.command(), definition.get().commandType()),
              row.createdAt(),
              row.deadlineAt(),
              row.state(),
              row.forwardOnly(),
              SagaCodec.failure(row.failure()),
              Map.of(),
              List.of());
    } catch (RuntimeException e) {
      shelve(claim, "Its command can't be read: " + e.getMessage());
      return;
    }
    SagaRun run =
        new SagaRun(
            this,
            engine.coordinator(),
            state,
            row.slot(),
            row.epoch(),
            row.version(),
            claim.seen(),
            engine.headers(row.id(), HeadersJson.read(row.headers())),
            progress);
    SagaRun before = runs.put(row.id(), run);
    if (before != null) {
      before.release(); // its epoch is over
    }
    boolean rescued = claim.previous() != null && !node().equals(claim.previous());
    if (rescued) {
      engine.observer().takenOver(row.saga());
      run.noteTakenOver("from " + claim.previous());
    }
    if (rescued && row.claims() > MAX_CLAIMS) { // it may be what ends its owners
      run.parkAsStuck(
          "It was taken over %d times, and nothing came of it".formatted(row.claims()),
          POISON_PAUSE);
      return;
    }
    run.hasRead(name);
    List<SagaNews> news = new ArrayList<>();
    for (StepTable.Row step : found.steps().getOrDefault(row.id(), List.of())) {
      SagaNews told = engine.runner().news(state, step);
      if (told != null) {
        news.add(told);
      }
    }
    run.learn(news);
    run.takeEvents(found.events().getOrDefault(row.id(), List.of()), claim.seen());
  }

  /** Marks an instance that can't even be read, and has it tried again after a while. */
  private void shelve(InstanceTable.Claim claim, String reason) {
    InstanceTable.Row row = claim.row();
    log.error("Saga {} is stuck: {}", row.id(), reason);
    InstanceTable.Write write =
        new InstanceTable.Write(
            row.id(),
            row.epoch(),
            row.version(),
            row.state(),
            row.forwardOnly(),
            row.failure(),
            row.progress(),
            reason,
            claim.seen(),
            true,
            clock.now().plus(POISON_PAUSE),
            true);
    engine.onHome(
        this,
        "Shelving saga " + row.id(),
        c -> instances.write(c, node(), List.of(write), clock.ahead()));
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
