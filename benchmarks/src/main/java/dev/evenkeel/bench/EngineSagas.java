package dev.evenkeel.bench;

import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.SagaEngine;
import dev.evenkeel.saga.SagaOptions;
import dev.evenkeel.saga.SagaParticipants;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.definition.StepBuilder;
import dev.evenkeel.saga.definition.StepContext;
import dev.evenkeel.saga.spi.SagaObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.sql.DataSource;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** The framework's engine, wired as an application without Spring Boot would do it. */
final class EngineSagas implements SagaRunner {

  /** As without a word about it. */
  static final Duration TIMEOUT = Duration.ofSeconds(5);

  private static final Duration LONGEST_SAGA = Duration.ofSeconds(30);

  /**
   * The command.
   *
   * @param home shard key of the saga, the others those of the steps
   * @param refused whether the last step says no
   */
  record Transfer(
      long number, String home, String first, String second, String third, boolean refused) {}

  /** What a step returns. */
  record Entered(long number) {}

  /** The last step's refusal. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refused() {
      super("Refused, as every fifth", null, false, false);
    }
  }

  private static final List<Place> PLACES =
      List.of(
          new Place("first", Transfer::first),
          new Place("second", Transfer::second),
          new Place("third", Transfer::third));

  private final EngineShards shards;
  private final SagaEngine engine;
  private final AtomicLong numbers = new AtomicLong();
  private final AtomicLong compensated = new AtomicLong();
  private final Map<UUID, CompletableFuture<SagaState>> waiting = new ConcurrentHashMap<>();
  private final boolean refusing;

  /**
   * Makes an engine and starts it.
   *
   * @param databases a pool for each
   * @param concurrency most steps at one time on each database
   * @param refusing whether every fifth saga is refused by its last step
   */
  EngineSagas(List<? extends DataSource> databases, int concurrency, boolean refusing) {
    this(databases, concurrency, refusing, StepNames.USUAL);
  }

  /**
   * The same with another number of steps.
   *
   * @param steps 1 to 10
   */
  EngineSagas(List<? extends DataSource> databases, int concurrency, boolean refusing, int steps) {
    this.shards = new EngineShards(databases);
    this.refusing = refusing;
    SagaOptions defaults = SagaOptions.defaults(SagaDatabases.SCHEMA, "bench");
    this.engine =
        engine(
            withConcurrency(defaults, concurrency),
            shards,
            new Ended(),
            definition(shards, TIMEOUT, steps, context -> {}));
    engine.start();
  }

  static SagaOptions withConcurrency(SagaOptions options, int concurrency) {
    return new SagaOptions(
        options.schema(),
        options.node(),
        options.service(),
        options.remoteParticipants(),
        concurrency,
        options.maxActive(),
        options.lease(),
        options.poll(),
        options.stuckAfter(),
        options.retention(),
        options.keyRetention(),
        options.signalRetention(),
        options.maxPayloadBytes(),
        options.virtualThreads());
  }

  /**
   * Makes an engine with the three steps.
   *
   * @param timeout of each attempt
   * @param beforeSecond runs at the beginning of the second step
   */
  static SagaEngine engine(
      SagaOptions options,
      EngineShards shards,
      SagaObserver observer,
      Duration timeout,
      Consumer<StepContext<Transfer>> beforeSecond) {
    return engine(
        options, shards, observer, definition(shards, timeout, StepNames.USUAL, beforeSecond));
  }

  private static SagaEngine engine(
      SagaOptions options, EngineShards shards, SagaObserver observer, SagaDefinition definition) {
    return new SagaEngine(
        options,
        SagaDefinitions.of(List.of(definition)),
        new SagaEngine.Context(
            shards,
            SagaParticipants.NONE,
            MessageObserver.NONE,
            shards.transactionSlot(),
            new JsonPayloadCodec(JsonMapper.builder().build()),
            List.of(),
            List.of(),
            observer,
            TimeSource.SYSTEM));
  }

  private static SagaDefinition definition(
      EngineShards shards,
      Duration timeout,
      int steps,
      Consumer<StepContext<Transfer>> beforeSecond) {
    Consumer<StepContext<Transfer>> nothing = context -> {};
    Consumer<StepContext<Transfer>> refusal =
        context -> {
          if (context.command().refused()) {
            throw new Refused();
          }
        };
    SagaBuilder<Transfer> saga =
        SagaBuilder.saga("transfer", 1, Transfer.class).key("number").shardKey("home");
    List<String> names = StepNames.of(steps);
    for (int index = 0; index < steps; index++) {
      String[] after = index == 0 ? new String[0] : new String[] {names.get(index - 1)};
      Place place = PLACES.get(index % PLACES.size());
      Consumer<StepContext<Transfer>> before =
          index == steps - 1 ? refusal : index == 1 ? beforeSecond : nothing;
      String name = names.get(index);
      saga.step(name, s -> step(s.after(after), name, place, shards, timeout, before));
    }
    return saga.build();
  }

  /**
   * Where a step takes effect.
   *
   * @param path to the shard key in the command
   * @param key the same, read
   */
  private record Place(String path, Function<Transfer, String> key) {}

  private static void step(
      StepBuilder<Transfer> step,
      String name,
      Place place,
      EngineShards shards,
      Duration timeout,
      Consumer<StepContext<Transfer>> before) {
    RetryPolicy retry = RetryPolicy.DEFAULT;
    step.shardKey(place.path())
        .returns(Entered.class)
        .timeout(timeout)
        .retry(
            new RetryPolicy(
                retry.maxAttempts(), retry.backoff(), retry.maxBackoff(), List.of(Refused.class)))
        .run(
            context -> {
              before.accept(context);
              Transfer command = context.command();
              long number = command.number();
              shards
                  .jdbc(place.key().apply(command))
                  .update(
                      SagaDatabases.INSERT_EFFECT,
                      number,
                      name,
                      SagaDatabases.accountOf(number),
                      SagaDatabases.centsOf(number));
              return new Entered(number);
            })
        .compensation(
            context ->
                shards
                    .jdbc(place.key().apply(context.command()))
                    .update(
                        "DELETE FROM bench_effect WHERE saga = ? AND step = ?",
                        context.command().number(),
                        name));
  }

  /** The saga of a number: home on one shard, each step on another. */
  static Transfer transfer(EngineShards shards, long number, int home, boolean refused) {
    int count = shards.count();
    return new Transfer(
        number,
        shards.key(home, number),
        shards.key(home, number),
        shards.key((home + 1) % count, number),
        shards.key((home + 2) % count, number),
        refused);
  }

  @Override
  public SagaLoad run(int callers, Duration duration) throws Exception {
    return run(callers, duration, 1);
  }

  /**
   * The same.
   *
   * @param times how many sagas are run for one that counts
   */
  SagaLoad run(int callers, Duration duration, int times) throws Exception {
    return SagaLoad.run(
        callers,
        duration,
        numbers::incrementAndGet,
        number -> {
          saga(number);
          for (int more = 1; more < times; more++) {
            saga(numbers.incrementAndGet());
          }
        });
  }

  private void saga(long number) {
    boolean refused = refusing && number % 5 == 0;
    Transfer command = transfer(shards, number, (int) (number % shards.count()), refused);
    CompletableFuture<SagaState> ended = start(command);
    SagaState expected = refused ? SagaState.COMPENSATED : SagaState.COMPLETED;
    SagaState state = ended.orTimeout(LONGEST_SAGA.toMillis(), TimeUnit.MILLISECONDS).join();
    if (state != expected) {
      throw new IllegalStateException(
          "Saga %d should end %s, was %s".formatted(number, expected, state));
    }
    if (refused) {
      compensated.incrementAndGet();
    }
  }

  private CompletableFuture<SagaState> start(Transfer command) {
    TransactionTarget target = shards.target(shards.slotOf("hash", command.home()), command.home());
    return Objects.requireNonNull(
        target
            .scope()
            .call(
                () ->
                    new TransactionTemplate(target.transactionManager())
                        .execute(
                            status -> {
                              UUID id = engine.start(command).id();
                              CompletableFuture<SagaState> ended = new CompletableFuture<>();
                              waiting.put(id, ended); // it can't end before the commit
                              return ended;
                            })));
  }

  /** How many sagas were refused so far. */
  @Override
  public long compensated() {
    return compensated.get();
  }

  @Override
  public void close() {
    engine.stop();
  }

  /** Wakes the caller. */
  private final class Ended implements SagaObserver {

    @Override
    public void ended(String saga, UUID sagaId, SagaState state, Duration sinceStart) {
      CompletableFuture<SagaState> caller = waiting.remove(sagaId);
      if (caller != null) {
        caller.complete(state);
      }
    }
  }
}
