package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.saga.Command;
import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.SagaEngine;
import dev.evenkeel.saga.SagaOptions;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.saga.SagaParticipants;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.definition.StepBuilder;
import dev.evenkeel.saga.spi.SagaObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sagas of three steps of one participant, which is in the same process: asked by messages through
 * the relay, or called directly. The definition and the participant are the same.
 */
final class ParticipantSagas implements SagaRunner {

  private static final Duration LONGEST_SAGA = Duration.ofSeconds(30);
  private static final String LEDGER = "ledger";

  /** The start command. */
  record Transfer(long number) {}

  /** A step's command. */
  record Enter(long number, String step) {}

  /** Its result. */
  record Entered(long number) {}

  /** The participant. */
  @SagaParticipant(LEDGER)
  static class Ledger {

    private final JdbcTemplate jdbc;

    Ledger(JdbcTemplate jdbc) {
      this.jdbc = jdbc;
    }

    @CommandHandler(compensation = "takeBack")
    Entered enter(Enter command) {
      long number = command.number();
      jdbc.update(
          SagaDatabases.INSERT_EFFECT,
          number,
          command.step(),
          SagaDatabases.accountOf(number),
          SagaDatabases.centsOf(number));
      return new Entered(number);
    }

    void takeBack(Enter command) {
      jdbc.update(
          "DELETE FROM bench_effect WHERE saga = ? AND step = ?", command.number(), command.step());
    }
  }

  private final EngineShards shards;
  private final SagaEngine engine;
  private final @Nullable Relay relay;
  private final AtomicLong numbers = new AtomicLong();
  private final Map<UUID, CompletableFuture<SagaState>> waiting = new ConcurrentHashMap<>();

  /**
   * Makes an engine and starts it, and a relay if commands travel.
   *
   * @param remote whether they do
   */
  ParticipantSagas(SagaDatabases databases, int connections, int concurrency, boolean remote)
      throws Exception {
    HikariDataSource dataSource = databases.openPools(connections).get(0);
    this.shards = new EngineShards(List.of(dataSource));
    PayloadCodec codec = new JsonPayloadCodec(JsonMapper.builder().build());
    SagaParticipants participants =
        SagaParticipants.of(
            List.of(
                new SagaParticipants.Bean(new Ledger(new JdbcTemplate(dataSource)), Ledger.class)));
    SagaOptions options =
        EngineSagas.withConcurrency(
            SagaOptions.defaults(SagaDatabases.SCHEMA, "bench"), concurrency);
    this.engine =
        new SagaEngine(
            remote ? options.withRemoteParticipants(SagaOptions.EVERY_PARTICIPANT) : options,
            SagaDefinitions.of(List.of(definition())),
            new SagaEngine.Context(
                shards,
                participants,
                MessageObserver.NONE,
                shards.transactionSlot(),
                codec,
                List.of(),
                List.of(),
                new Ended(),
                TimeSource.SYSTEM));
    engine.start();
    if (remote) {
      List<DirectHandler> handlers = new ArrayList<>(engine.receivers());
      handlers.addAll(
          participants.receivers(
              new SagaParticipants.Surroundings(
                  SagaDatabases.SCHEMA,
                  codec,
                  List.of(),
                  MessageObserver.NONE,
                  TimeSource.SYSTEM,
                  options.maxPayloadBytes())));
      this.relay =
          new RelayWiring(databases.database(0).info(), "bench", dataSource, List.of())
              .inProcess(handlers);
      RelayWiring.startAndStream(relay);
    } else {
      this.relay = null;
    }
  }

  private static SagaDefinition definition() {
    return SagaBuilder.saga("transfer", 1, Transfer.class)
        .key("number")
        .shardKey("number")
        .step("first", s -> step(s.after(), "first"))
        .step("second", s -> step(s.after("first"), "second"))
        .step("third", s -> step(s.after("second"), "third"))
        .build();
  }

  private static void step(StepBuilder<Transfer> step, String name) {
    step.participant(LEDGER)
        .returns(Entered.class)
        .run(context -> Command.of(new Enter(context.command().number(), name)))
        .delegatedCompensation();
  }

  @Override
  public SagaLoad run(int callers, Duration duration) throws Exception {
    return SagaLoad.run(callers, duration, numbers::incrementAndGet, this::saga);
  }

  private void saga(long number) {
    String key = Long.toString(number);
    TransactionTarget target = shards.target(shards.slotOf("hash", key), key);
    CompletableFuture<SagaState> ended =
        Objects.requireNonNull(
            new TransactionTemplate(target.transactionManager())
                .execute(
                    status -> {
                      CompletableFuture<SagaState> end = new CompletableFuture<>();
                      waiting.put(engine.start(new Transfer(number)).id(), end);
                      return end;
                    }));
    SagaState state = ended.orTimeout(LONGEST_SAGA.toMillis(), TimeUnit.MILLISECONDS).join();
    if (state != SagaState.COMPLETED) {
      throw new IllegalStateException("Saga %d should complete, was %s".formatted(number, state));
    }
  }

  @Override
  public void close() {
    if (relay != null) {
      relay.stop();
    }
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
