package dev.evenkeel.saga;

import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.shard.id.SlotIds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

  /**
   * What surrounds the engine.
   *
   * @param shards where sagas and steps live
   * @param slot says which slot the current transaction belongs to
   * @param codec writes commands, results and events
   * @param headers asked at each start, for what the saga carries along
   * @param flushes mappers to flush before a step's row is written
   * @param observer told what happens
   * @param time what timers and retention add to the database's clock
   */
  public record Context(
      SagaShards shards,
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
  private final SagaQueries queries;
  private final Map<String, HomeShard> homes = new TreeMap<>();
  private final Map<String, ShardBulkhead> bulkheads = new ConcurrentHashMap<>();
  private final AtomicBoolean started = new AtomicBoolean();
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final StepThreads threads;
  private @Nullable ScheduledExecutorService keeper;

  /** Makes an engine; nothing happens before {@link #start()}. Used once. */
  public SagaEngine(SagaOptions options, SagaDefinitions definitions, Context context) {
    this.options = options;
    this.definitions = definitions;
    this.context = context;
    this.codec = new SagaCodec(context.codec(), options.maxPayloadBytes());
    this.coordinator = new SagaCoordinator(context.codec(), options.stuckAfter());
    this.runner = new StepRunner(context, codec, new StepTable(options.schema()), attempts);
    this.starter = new SagaStarter(this, codec);
    this.post = new SagaPost(this, codec);
    this.queries = new SagaQueries(this);
    for (String shard : context.shards().names()) {
      homes.put(shard, new HomeShard(this, shard, new HomeClock(context.time())));
    }
    this.threads = new StepThreads(options.virtualThreads(), options.concurrency() * homes.size());
  }

  /**
   * Begins to work; does not wait for any shard. Before it, sagas can be started and wait for it.
   * Idempotent.
   */
  public void start() {
    if (started.getAndSet(true)) {
      return;
    }
    homes.values().forEach(HomeShard::start);
    ScheduledExecutorService overdue =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "evenkeel-saga-keeper");
              thread.setDaemon(true);
              return thread;
            });
    keeper = overdue;
    overdue.scheduleWithFixedDelay(
        this::endOverdue,
        LOOK_FOR_OVERDUE.toMillis(),
        LOOK_FOR_OVERDUE.toMillis(),
        TimeUnit.MILLISECONDS);
    SagaJanitor janitor = new SagaJanitor(this);
    overdue.scheduleWithFixedDelay(
        janitor::sweep,
        SagaJanitor.EVERY.toMillis(),
        SagaJanitor.EVERY.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  private void endOverdue() {
    try {
      attempts.endOverdue();
    } catch (RuntimeException | Error e) { // a periodic task that throws never runs again
      log.warn("Overdue attempts could not be ended", e);
    }
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
    if (keeper != null) {
      keeper.shutdownNow();
    }
    homes.values().forEach(HomeShard::leave);
    threads.close();
  }

  /** What has not ended on a home shard, as the database has it; bounded by its live instances. */
  public SagaCounts counts(String shard) {
    return queries.counts(shard);
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
    return ProtocolTransaction.inTransaction(home.dataSource(), what, work);
  }

  // ---- attempts

  private ShardBulkhead bulkhead(StepTask task) {
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
      threads.execute(() -> work(bulkhead, task));
    }
  }

  /** An attempt and what follows from it, for as long as there is room. */
  private void work(ShardBulkhead entered, StepTask begun) {
    ShardBulkhead bulkhead = entered;
    StepTask task = begun;
    while (task != null && !stopped.get()) {
      List<StepTask> follow = new ArrayList<>(task.run().follow(runner.perform(task)));
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

  private void handOver(ShardBulkhead bulkhead) {
    StepTask waiting = bulkhead.leave();
    if (waiting != null) {
      threads.execute(() -> work(bulkhead, waiting));
    }
  }
}
