package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.ProtocolOutbox;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitionException;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.shard.ShardUnavailableException;
import dev.evenkeel.shard.id.SlotIds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * Runs sagas in this process. Thread-safe.
 *
 * <p>Per home shard one thread claims and one writes; attempts run on threads of their own, a
 * bounded number for each shard. An attempt's thread goes on with what follows from it, so that a
 * saga of steps in a row needs no other.
 */
public final class SagaEngine implements Sagas {

  private static final Logger log = LoggerFactory.getLogger(SagaEngine.class);

  private static final Duration LOOK_FOR_OVERDUE = Duration.ofMillis(250);
  private static final Duration SEEK_STRANDED = Duration.ofMinutes(1);

  private static final int CALLS_PER_STEP = 4;

  /**
   * What surrounds the engine.
   *
   * @param shards where sagas and steps live
   * @param participants of this process
   * @param messages told what is appended to the outbox
   * @param storage where appended messages are until they are sent
   * @param slot says which slot the current transaction belongs to
   * @param codec writes commands, results and events
   * @param headers asked at each start, for what the saga carries along
   * @param flushes mappers to flush before a step's row is written
   * @param observer told what happens
   * @param time what timers and retention add to the database's clock
   */
  public record Context(
      SagaShards shards,
      SagaParticipants participants,
      MessageObserver messages,
      OutboxStorage storage,
      TransactionSlot slot,
      PayloadCodec codec,
      List<HeaderSource> headers,
      List<TransactionFlush> flushes,
      SagaObserver observer,
      TimeSource time) {

    public Context {
      headers = List.copyOf(headers);
      flushes = List.copyOf(flushes);
    }

    /** With an outbox that is a table. */
    public Context(
        SagaShards shards,
        SagaParticipants participants,
        MessageObserver messages,
        TransactionSlot slot,
        PayloadCodec codec,
        List<HeaderSource> headers,
        List<TransactionFlush> flushes,
        SagaObserver observer,
        TimeSource time) {
      this(
          shards,
          participants,
          messages,
          OutboxStorage.TABLE,
          slot,
          codec,
          headers,
          flushes,
          observer,
          time);
    }
  }

  private final SagaOptions options;
  private final SagaDefinitions definitions;
  private final Context context;
  private final SagaCodec codec;
  private final SagaCoordinator coordinator;
  private final Attempts attempts = new Attempts();
  private final StepRunner runner;
  private final SagaStarter starter;
  private final SagaPost post;
  private final ProtocolOutbox outbox;
  private final SagaQueries queries;
  private final SagaOperations operations;
  private final Map<String, HomeShard> homes = new TreeMap<>();
  private final Map<String, ShardBulkhead> bulkheads = new ConcurrentHashMap<>();
  private final AtomicBoolean started = new AtomicBoolean();
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final StepThreads threads;
  private @Nullable ScheduledExecutorService watch;
  private @Nullable ScheduledExecutorService janitor;

  /** Makes an engine; nothing happens before {@link #start()}. Used once. */
  public SagaEngine(SagaOptions options, SagaDefinitions definitions, Context context) {
    this.options = options;
    this.definitions = definitions;
    this.context =
        new Context(
            context.shards(),
            context.participants(),
            context.messages(),
            context.storage(),
            context.slot(),
            context.codec(),
            context.headers(),
            context.flushes(),
            new GuardedObserver(context.observer()),
            context.time());
    this.outbox = new ProtocolOutbox(options.schema(), context.storage(), context.messages());
    this.codec = new SagaCodec(context.codec(), options.maxPayloadBytes());
    this.coordinator = new SagaCoordinator(context.codec(), options.stuckAfter());
    this.runner =
        new StepRunner(
            this.context,
            codec,
            new StepTable(options.schema()),
            new LockTable(options.schema()),
            attempts);
    this.starter = new SagaStarter(this, codec);
    this.post = new SagaPost(this, codec);
    this.queries = new SagaQueries(this);
    this.operations = new SagaOperator(this, post);
    for (String shard : context.shards().names()) {
      homes.put(shard, new HomeShard(this, shard, new HomeClock(context.time())));
    }
    this.threads = new StepThreads(options.virtualThreads());
  }

  /**
   * Begins to work; does not wait for any shard. Before it, sagas can be started and wait for it.
   * Idempotent.
   *
   * @throws IllegalStateException after {@link #stop()}
   */
  public void start() {
    if (stopped.get()) {
      throw new IllegalStateException("A saga engine is used once; make another");
    }
    if (started.getAndSet(true)) {
      return;
    }
    homes.values().forEach(HomeShard::start);
    watch = daemon("evenkeel-saga-watch");
    watch.scheduleWithFixedDelay(
        this::endOverdue,
        LOOK_FOR_OVERDUE.toMillis(),
        LOOK_FOR_OVERDUE.toMillis(),
        TimeUnit.MILLISECONDS);
    SagaJanitor sweeper = new SagaJanitor(this);
    janitor = daemon("evenkeel-saga-janitor");
    janitor.scheduleWithFixedDelay(
        sweeper::sweep,
        SagaJanitor.EVERY.toMillis(),
        SagaJanitor.EVERY.toMillis(),
        TimeUnit.MILLISECONDS);
    janitor.scheduleWithFixedDelay(
        this::seekStranded,
        SEEK_STRANDED.toMillis(),
        SEEK_STRANDED.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  /**
   * Compares the definitions with the live instances of each home shard that answers, and stores
   * the shapes of those that have none. Of a shard that does not answer it is done when it does:
   * then what does not fit is neither claimed nor started there, and is among the {@link
   * #findings}. Called before {@link #start()}.
   *
   * @param runs whether this process is going to run sagas, and not only start them
   * @throws SagaDefinitionException naming what live instances can't go on with, and, if it runs
   *     sagas and is alone, versions with live instances that it does not have
   */
  public void verify(boolean runs) {
    List<String> mistakes = new ArrayList<>();
    for (HomeShard home : homes.values()) {
      if (context.shards().isUp(home.name())) {
        try {
          mistakes.addAll(home.definitions().mistakes(runs));
        } catch (DataAccessException | ShardUnavailableException e) { // done when it answers
          log.warn(
              "The sagas of {} can't be compared with the definitions now: {}", home, e.toString());
        }
      }
    }
    if (!mistakes.isEmpty()) {
      throw new SagaDefinitionException(mistakes);
    }
  }

  /**
   * Why some instances of a home shard are not gone on with here, each in a sentence: live ones of
   * another shape, and of versions that this process does not have. Asks no database.
   */
  public List<String> findings(String shard) {
    return home(shard).definitions().findings();
  }

  private static ScheduledExecutorService daemon(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
  }

  private void endOverdue() {
    try {
      attempts.endOverdue();
      bulkheads.values().stream().flatMap(b -> b.overdue().stream()).forEach(this::giveBack);
    } catch (RuntimeException | Error e) { // a periodic task that throws never runs again
      log.warn("Overdue attempts could not be ended", FailureText.traceOf(e));
    }
  }

  private void seekStranded() {
    for (HomeShard home : homes.values()) {
      try {
        if (context.shards().isUp(home.name())) {
          home.definitions().seekStranded();
        }
      } catch (RuntimeException | Error e) { // a periodic task that throws never runs again
        log.warn(
            "Instances without a definition can't be looked for on {} now: {}", home, e.toString());
      }
    }
  }

  /** A task that found no room for long: what is slow counts as away. */
  private void giveBack(StepTask task) {
    task.run()
        .take(
            new SagaNews.Failed(
                task.effect().key(),
                task.effect().work(),
                SagaNews.Failed.Kind.OUTAGE,
                "",
                task.step().isExternal()
                    ? "Calls of step \"%s\" had no room for %s"
                        .formatted(task.step().name(), ShardBulkhead.LONGEST_WAIT)
                    : "Shard \"%s\" had no room for %s"
                        .formatted(task.shard(), ShardBulkhead.LONGEST_WAIT)));
  }

  /**
   * Takes no more work, lets running attempts end within the lease, and gives its sagas to the
   * other nodes. Idempotent.
   */
  public void stop() {
    if (!started.get() || stopped.getAndSet(true)) {
      return;
    }
    homes.values().forEach(HomeShard::stopClaiming);
    long deadline = System.nanoTime() + options.lease().toNanos();
    while (!attempts.isEmpty() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    if (watch != null) {
      watch.shutdownNow();
    }
    if (janitor != null) {
      janitor.shutdownNow();
    }
    homes.values().forEach(HomeShard::leave);
    threads.close();
  }

  /** What has not ended on a home shard, as the database has it; bounded by its live instances. */
  public SagaCounts counts(String shard) {
    return queries.counts(shard);
  }

  /** What people do about sagas. */
  public SagaOperations operations() {
    return operations;
  }

  @Override
  public StartedSaga start(Object command) {
    List<String> sagas = definitions.startedBy(command.getClass());
    if (sagas.size() != 1) {
      throw new UnknownSagaException(
          sagas.isEmpty()
              ? "No saga is started by a %s".formatted(command.getClass().getName())
              : "The sagas %s are all started by a %s; say which"
                  .formatted(sagas, command.getClass().getName()));
    }
    return start(sagas.get(0), command);
  }

  @Override
  public StartedSaga start(String saga, Object command) {
    return starter.start(newest(saga), command);
  }

  @Override
  public SignalResult signal(SagaRef saga, Object event) {
    return post.signal(saga, event);
  }

  @Override
  public SignalResult signal(UUID sagaId, Object event) {
    return post.signal(sagaId, event);
  }

  @Override
  public SignalResult cancel(SagaRef saga, String reason) {
    return post.cancel(saga, reason);
  }

  @Override
  public SignalResult cancel(UUID sagaId, String reason) {
    return post.cancel(sagaId, reason);
  }

  @Override
  public Optional<SagaStatus> find(SagaRef saga) {
    return queries.find(saga);
  }

  @Override
  public Optional<SagaStatus> status(UUID sagaId) {
    return queries.status(sagaId);
  }

  @Override
  public List<SagaHistoryEntry> history(UUID sagaId) {
    return queries.history(sagaId);
  }

  /**
   * What receives the messages that sagas of this process wait for, to be served by the inbox of
   * every process that could lead, started or not; empty when no saga asks anybody anything.
   */
  public List<DirectHandler> receivers() {
    boolean asks =
        definitions.all().stream()
            .flatMap(definition -> definition.steps().stream())
            .anyMatch(
                step -> step instanceof ActionStep action && action.execution().isDelegated());
    if (!asks) {
      return List.of();
    }
    boolean hasChildren =
        definitions.all().stream()
            .flatMap(definition -> definition.steps().stream())
            .anyMatch(step -> step instanceof ActionStep action && action.isChild());
    return hasChildren
        ? List.of(new SagaReplies(this), new ChildReceiver(this))
        : List.of(new SagaReplies(this));
  }

  // ---- parts, for the classes beside this one

  SagaOptions options() {
    return options;
  }

  SagaDefinitions definitions() {
    return definitions;
  }

  Context context() {
    return context;
  }

  SagaShards shards() {
    return context.shards();
  }

  SagaObserver observer() {
    return context.observer();
  }

  SagaCodec codec() {
    return codec;
  }

  SagaCoordinator coordinator() {
    return coordinator;
  }

  StepRunner runner() {
    return runner;
  }

  Attempts attempts() {
    return attempts;
  }

  /**
   * The definition that new instances have.
   *
   * @throws UnknownSagaException if this process has none
   */
  SagaDefinition newest(String saga) {
    return definitions
        .newest(saga)
        .orElseThrow(
            () ->
                new UnknownSagaException(
                    "There is no saga \"%s\" in this process; it has %s"
                        .formatted(saga, definitions.all())));
  }

  /** The participants of a definition whose commands new instances have carried out here. */
  Set<String> localParticipants(SagaDefinition definition) {
    Set<String> remote = options.remoteParticipants();
    return definition.steps().stream()
        .filter(ActionStep.class::isInstance)
        .map(step -> ((ActionStep) step).participant())
        .filter(Objects::nonNull)
        .filter(context.participants().names()::contains)
        .filter(name -> !remote.contains(name) && !remote.contains(SagaOptions.EVERY_PARTICIPANT))
        .collect(Collectors.toUnmodifiableSet());
  }

  ProtocolOutbox outbox() {
    return outbox;
  }

  /** The home shard of a slot. */
  HomeShard home(int slot) {
    return home(context.shards().shardOf(slot));
  }

  HomeShard home(String shard) {
    HomeShard home = homes.get(shard);
    if (home == null) {
      throw new SagaException(
          "Shard \"%s\" was not there when the process started; it has %s"
              .formatted(shard, homes.keySet()));
    }
    return home;
  }

  Map<String, HomeShard> homes() {
    return homes;
  }

  /** The home shard of an instance, whose id carries its slot. */
  HomeShard homeOf(UUID sagaId) {
    try {
      return home(SlotIds.slotOf(sagaId));
    } catch (IllegalArgumentException e) {
      throw new UnknownSagaException("%s is no saga's id: %s".formatted(sagaId, e.getMessage()));
    }
  }

  int slotOf(String strategy, String shardKey) {
    return context.shards().slotOf(strategy, shardKey);
  }

  /** How many more instances memory has room for. */
  int room() {
    return options.maxActive() - homes.values().stream().mapToInt(HomeShard::active).sum();
  }

  /** Whether new instances are this node's own. */
  boolean canOwn(HomeShard home) {
    return started.get() && !stopped.get() && home.isJoined() && room() > 0;
  }

  /** What the messages of a saga's steps inherit. */
  Map<String, String> headers(UUID sagaId, Map<String, String> ofStart) {
    Map<String, String> headers = new HashMap<>(ofStart);
    headers.put(MessageHeaders.CORRELATION_ID, sagaId.toString());
    return Map.copyOf(headers);
  }

  <T extends @Nullable Object> T onHome(
      HomeShard home, String what, ProtocolTransaction.Work<T> work) {
    return ProtocolTransaction.byIndex(home.dataSource(), what, work);
  }

  // ---- attempts

  /**
   * A step that calls another service has one of its own, so that a slow service holds neither a
   * shard nor the calls of others. A call holds no session, so there may be more of them.
   */
  private ShardBulkhead bulkhead(StepTask task) {
    if (task.step().isExternal()) {
      return bulkheads.computeIfAbsent(
          "%s/%s".formatted(task.instance().definition().name(), task.step().name()),
          step -> new ShardBulkhead(CALLS_PER_STEP * options.concurrency()));
    }
    return bulkheads.computeIfAbsent(
        task.shard(), shard -> new ShardBulkhead(options.concurrency()));
  }

  /** Has tasks run, as soon as their shards have room. */
  void launch(List<StepTask> tasks) {
    for (StepTask task : tasks) {
      launch(task);
    }
  }

  private void launch(StepTask task) {
    ShardBulkhead bulkhead = bulkhead(task);
    if (!stopped.get() && bulkhead.enterOrWait(task)) {
      execute(bulkhead, task);
    }
  }

  private void execute(ShardBulkhead bulkhead, StepTask task) {
    StepTask next = task;
    while (next != null) {
      StepTask current = next;
      try {
        threads.execute(() -> work(bulkhead, current));
        return;
      } catch (RuntimeException | Error e) { // no thread is to be had
        log.error("Saga {} is let go", current.instance().id(), FailureText.traceOf(e));
        current.run().home().letGo(current.run()); // and claimed again
        next = bulkhead.leave();
      }
    }
  }

  /** An attempt and what follows from it, for as long as there is room. */
  private void work(ShardBulkhead entered, StepTask begun) {
    ShardBulkhead bulkhead = entered;
    StepTask task = begun;
    while (task != null && !stopped.get()) {
      List<StepTask> follow = follow(task);
      StepTask next = null;
      if (!follow.isEmpty()) {
        ShardBulkhead of = bulkhead(follow.get(0));
        if (of == bulkhead ? bulkhead.isNobodyWaiting() : of.tryEnter()) {
          next = follow.remove(0);
          if (of != bulkhead) {
            handOver(bulkhead);
            bulkhead = of;
          }
        }
      }
      launch(follow);
      task = next != null ? next : bulkhead.leave();
    }
  }

  /** Never throws: the place in the bulkhead has to be given back. */
  private List<StepTask> follow(StepTask task) {
    try {
      return new ArrayList<>(task.run().follow(runner.perform(task)));
    } catch (RuntimeException | Error e) {
      log.error("Saga {} is let go", task.instance().id(), FailureText.traceOf(e));
      task.run().home().letGo(task.run()); // and claimed again
      return new ArrayList<>();
    }
  }

  private void handOver(ShardBulkhead bulkhead) {
    StepTask waiting = bulkhead.leave();
    if (waiting != null) {
      execute(bulkhead, waiting);
    }
  }
}
