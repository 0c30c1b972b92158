package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.Trips.Approved;
import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.Trips.Waiting;
import dev.evenkeel.saga.Wire.Moment;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.sql.SQLNonTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

/** A start, in every way that its transaction can end. */
class StartIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final SagaWorld world = new SagaWorld(2);
  private final Waiting waiting = new Waiting();

  @AfterEach
  void close() {
    waiting.release();
    world.close();
  }

  private SagaDefinition trip() {
    return trip(Code.NOTHING);
  }

  private SagaDefinition trip(Code code) {
    return Trips.saga(1).step("flight", step(world, 0, "flight", code)).build();
  }

  private long count(String table) {
    return world.jdbc(0).queryForObject("SELECT count(*) FROM evenkeel." + table, Long.class);
  }

  private SagaStatus find(SagaEngine engine, String key) {
    return engine.find(new SagaRef("trip", key, "s0")).orElse(null);
  }

  // ---- commit with unknown outcome

  @Test
  void startWhoseCommitWasLostOnItsWayHasNotHappened() {
    Wire wire = world.wire();
    SagaEngine engine = world.start(world.node("a", trip()));
    wire.cutOnce(p -> p.is("s0", Moment.BEFORE, Wire.COMMIT) && p.hasSent("saga_key"));

    assertThatThrownBy(() -> Trips.start(world, engine, Trip.of("1")))
        .isInstanceOf(DataAccessException.class);

    assertThat(engine.home("s0").active()).isZero();
    assertThat(count("saga_instance") + count("saga_key") + count("saga_wake")).isZero();
    UUID again = Trips.start(world, engine, Trip.of("1"));
    SagaWorld.awaitState(engine, again, SagaState.COMPLETED);
    assertThat(world.effects(0, again)).containsExactly("flight");
  }

  @Test
  void startWhoseCommitGaveNoAnswerIsFoundByItsOwner() {
    Wire wire = world.wire();
    SagaEngine engine = world.start(world.node("a", trip()));
    wire.cutOnce(p -> p.is("s0", Moment.AFTER, Wire.COMMIT) && p.hasSent("saga_key"));

    assertThatThrownBy(() -> Trips.start(world, engine, Trip.of("1")))
        .isInstanceOf(DataAccessException.class);

    SagaStatus found = find(engine, "1");
    SagaWorld.awaitState(engine, found.id(), SagaState.COMPLETED);
    assertThat(world.effects(0, found.id())).containsExactly("flight");
    StartedSaga again = world.inTransaction(engine, "s0", () -> engine.start(Trip.of("1")));
    assertThat(again).isEqualTo(new StartedSaga(found.id(), false, true));
  }

  @Test
  void startWhoseCommitGaveNoAnswerIsTakenOverFromANodeThatDied() {
    Wire wire = world.wire();
    SagaEngine first = world.start(world.node("a", trip()));
    wire.add(
        p -> {
          if (p.is("s0", Moment.AFTER, Wire.COMMIT) && p.hasSent("saga_key")) {
            wire.kill();
            throw new SQLNonTransientConnectionException("Nobody hears the answer", "08006");
          }
        });
    assertThatThrownBy(() -> Trips.start(world, first, Trip.of("1")))
        .isInstanceOf(DataAccessException.class);

    world.wire();
    SagaEngine second = world.start(world.node("b", trip()));

    SagaStatus found = find(second, "1");
    SagaWorld.awaitState(second, found.id(), SagaState.COMPLETED);
    assertThat(world.effects(0, found.id())).containsExactly("flight");
  }

  @Test
  void startThatCommitsAfterItsNodeHasLeftIsTakenOver() {
    SagaEngine leaving = world.start(world.node("a", trip()));
    UUID saga =
        world.inTransaction(
            leaving,
            "s0",
            () -> {
              UUID id = leaving.start(Trip.of("1")).id();
              leaving.stop();
              return id;
            });

    SagaEngine second = world.start(world.node("b", trip()));

    SagaWorld.awaitState(second, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight");
  }

  // ---- the caller's transaction

  @Test
  void startOutsideATransactionIsRefused() {
    SagaEngine engine = world.start(world.node("a", trip()));

    assertThatThrownBy(() -> engine.start(Trip.of("1")))
        .isInstanceOf(SagaException.class)
        .hasMessage(
            "Saga trip \"1\" was started outside a transaction; start it in the one that changes the state,"
                + " on its home shard \"s0\"");
  }

  @Test
  void startOnAnotherSlotIsRefusedNamingBoth() {
    SagaEngine engine = world.start(world.node("a", trip()));

    assertThatThrownBy(() -> world.inTransaction(engine, "s1", () -> engine.start(Trip.of("1"))))
        .isInstanceOf(SagaException.class)
        .hasMessageContaining("slot %d on shard \"s1\"", world.slotOf("s1"))
        .hasMessageContaining("slot %d on shard \"s0\"", world.slotOf("s0"));
    assertThat(count("saga_instance")).isZero();
  }

  @Test
  void startThatIsRolledBackHasNotHappened() {
    SagaEngine engine = world.start(world.node("a", trip()));

    assertThatThrownBy(
            () ->
                world.inTransaction(
                    engine,
                    "s0",
                    () -> {
                      engine.start(Trip.of("1"));
                      throw new IllegalStateException("changed its mind");
                    }))
        .hasMessage("changed its mind");

    assertThat(engine.home("s0").active()).isZero();
    assertThat(count("saga_instance") + count("saga_key") + count("saga_wake")).isZero();
  }

  @Test
  void startUnderASavepointThatIsRolledBackHasNotHappened() {
    SagaEngine engine = world.start(world.node("a", trip()));
    TransactionTarget target = engine.shards().target(world.slotOf("s0"), "s0");
    UUID kept =
        target
            .scope()
            .call(
                () ->
                    new TransactionTemplate(target.transactionManager())
                        .execute(status -> startUnderSavepoints(engine, status)));

    SagaWorld.awaitState(engine, kept, SagaState.COMPLETED);
    await().atMost(SOON).until(() -> engine.home("s0").active() == 0);
    assertThat(find(engine, "undone")).isNull();
    assertThat(count("saga_instance")).isEqualTo(1);
    assertThat(world.jdbc(0).queryForList("SELECT step FROM effect", String.class))
        .containsExactly("flight");
  }

  private static UUID startUnderSavepoints(SagaEngine engine, TransactionStatus status) {
    Object first = status.createSavepoint();
    engine.start(Trip.of("undone"));
    status.rollbackToSavepoint(first);
    Object second = status.createSavepoint();
    UUID kept = engine.start(Trip.of("kept")).id();
    Object third = status.createSavepoint();
    status.rollbackToSavepoint(third); // from after the start: it stays
    status.releaseSavepoint(second);
    return kept;
  }

  // ---- repeated starts

  @Test
  void repeatedStartGivesTheFirstInstanceAndTellsWhetherTheCommandIsTheSame() {
    SagaEngine engine = world.start(world.node("a", trip()));
    StartedSaga first = world.inTransaction(engine, "s0", () -> engine.start(Trip.of("1")));
    SagaWorld.awaitState(engine, first.id(), SagaState.COMPLETED);

    assertThat(first.isNew()).isTrue();
    assertThat(first.sameCommand()).isTrue();
    assertThat(world.<StartedSaga>inTransaction(engine, "s0", () -> engine.start(Trip.of("1"))))
        .isEqualTo(new StartedSaga(first.id(), false, true));
    assertThat(
            world.<StartedSaga>inTransaction(
                engine, "s0", () -> engine.start(new Trip("1", "s0", "s0", "s0", "s0"))))
        .isEqualTo(new StartedSaga(first.id(), false, false));
    assertThat(world.effects(0, first.id())).containsExactly("flight");
  }

  @Test
  void repeatedStartInOneTransactionIsOneInstance() {
    SagaEngine engine = world.start(world.node("a", trip()));
    List<StartedSaga> starts =
        world.inTransaction(
            engine, "s0", () -> List.of(engine.start(Trip.of("1")), engine.start(Trip.of("1"))));

    assertThat(starts.get(1)).isEqualTo(new StartedSaga(starts.get(0).id(), false, true));
    SagaWorld.awaitState(engine, starts.get(0).id(), SagaState.COMPLETED);
    assertThat(world.effects(0, starts.get(0).id())).containsExactly("flight");
  }

  @Test
  void startsOfOneKeyFromManyThreadsAreOneInstance() throws Exception {
    SagaEngine first = world.start(world.node("a", trip()));
    world.wire();
    SagaEngine second = world.start(world.node("b", trip()));
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < 10; round++) {
        Trip trip = Trip.of("round " + round);
        List<Future<StartedSaga>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          SagaEngine engine = i % 2 == 0 ? first : second;
          calls.add(
              callers.submit(() -> world.inTransaction(engine, "s0", () -> engine.start(trip))));
        }
        List<StartedSaga> started = new ArrayList<>();
        for (Future<StartedSaga> call : calls) {
          started.add(call.get(60, TimeUnit.SECONDS));
        }
        assertThat(started).filteredOn(StartedSaga::isNew).hasSize(1);
        assertThat(started).allMatch(StartedSaga::sameCommand);
        Set<UUID> ids = started.stream().map(StartedSaga::id).collect(Collectors.toSet());
        assertThat(ids).hasSize(1);
        UUID id = ids.iterator().next();
        SagaWorld.awaitState(first, id, SagaState.COMPLETED);
        assertThat(world.effects(0, id)).containsExactly("flight");
      }
    } finally {
      callers.shutdownNow();
    }
  }

  // ---- bad input

  /** A command with something in it that can't be written. */
  record Odd(String id, Object inside) {}

  /** Has nothing to write. */
  static final class Unwritable {
    @SuppressWarnings("unused") // by the mapper
    public String getText() {
      throw new IllegalStateException("not readable");
    }
  }

  private SagaDefinition odd() {
    return SagaBuilder.saga("odd", 1, Odd.class)
        .key("id")
        .shardKey(command -> "s0")
        .step("only", s -> s.after().run(c -> null).nothingToUndo())
        .build();
  }

  @Test
  void commandThatCantBeWrittenOrIsTooLargeIsRefused() {
    SagaEngine engine = world.start(world.node("a", trip(), odd()));

    assertThatThrownBy(
            () ->
                world.inTransaction(
                    engine, "s0", () -> engine.start(new Odd("1", new Unwritable()))))
        .isInstanceOf(SagaPayloadException.class)
        .hasMessageContaining("The command of saga odd can't be written");
    assertThatThrownBy(
            () ->
                world.inTransaction(
                    engine, "s0", () -> engine.start(new Odd("1", "x".repeat(300_000)))))
        .isInstanceOf(SagaPayloadException.class)
        .hasMessageMatching("The command of saga odd has 3000\\d\\d bytes; .* allows 262144");
    assertThat(count("saga_instance")).isZero();
  }

  @Test
  void unknownSagasAreRefused() {
    SagaEngine engine = world.start(world.node("a", trip()));

    assertThatThrownBy(() -> world.inTransaction(engine, "s0", () -> engine.start("nowhere")))
        .isInstanceOf(UnknownSagaException.class)
        .hasMessageContaining("java.lang.String");
    assertThatThrownBy(
            () -> world.inTransaction(engine, "s0", () -> engine.start("tour", Trip.of("1"))))
        .isInstanceOf(UnknownSagaException.class)
        .hasMessageContaining("no saga \"tour\"");
    assertThatThrownBy(() -> engine.cancel(new SagaRef("trip", "9", "s0"), "why"))
        .isInstanceOf(UnknownSagaException.class)
        .hasMessageContaining("trip \"9\" is not there");
    UUID never = dev.evenkeel.shard.id.SlotIds.next(world.slotOf("s0"));
    assertThatThrownBy(() -> engine.cancel(never, "why"))
        .isInstanceOf(UnknownSagaException.class)
        .hasMessageContaining(never.toString());
    UUID foreign = UUID.fromString("00000000-0000-4000-8000-000000000000");
    assertThatThrownBy(() -> engine.history(foreign))
        .isInstanceOf(UnknownSagaException.class)
        .hasMessageContaining(foreign.toString());
    assertThatThrownBy(() -> engine.signal(new SagaRef("trip", "1", "s0"), new Approved("me")))
        .isInstanceOf(UnknownSagaException.class)
        .hasMessageContaining("no step that awaits a " + Approved.class.getName());
  }

  @Test
  void operationsInTheWrongStateAreRefusedWithTheId() {
    SagaDefinition definition =
        Trips.saga(1)
            .step("pay", step(world, 0, "pay", StepKind.PIVOT, Code.NOTHING))
            .await("approval", Approved.class, a -> a.after("pay").onTimeout(OnTimeout.CONTINUE))
            .build();
    SagaEngine engine = world.start(world.node("a", definition));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    await()
        .atMost(SOON)
        .until(() -> !engine.history(saga).isEmpty() && engine.home("s0").active() == 0);

    assertThatThrownBy(() -> engine.cancel(saga, "too late"))
        .isInstanceOf(SagaStateException.class)
        .hasMessage("Saga %s has passed its pivot and can only go forward", saga);
    engine.signal(saga, new Approved("me"));
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThatThrownBy(() -> engine.cancel(saga, "too late"))
        .isInstanceOfSatisfying(
            SagaStateException.class, e -> assertThat(e.state()).isEqualTo(SagaState.COMPLETED))
        .hasMessage("Saga %s has ended: COMPLETED", saga);
    assertThatThrownBy(() -> engine.signal(saga, new Approved("me")))
        .isInstanceOf(SagaStateException.class)
        .hasMessage("Saga %s has ended: COMPLETED", saga);
    assertThatThrownBy(() -> engine.signal(new SagaRef("trip", "1", "s0"), new Approved("me")))
        .isInstanceOf(SagaStateException.class)
        .hasMessage("trip \"1\" has ended: COMPLETED");
  }

  @Test
  void sagaThatTurnsBackCantBeCancelledAgain() {
    SagaEngine engine =
        world.start(
            world.node(
                "a",
                Trips.saga(1)
                    .step("flight", step(world, 0, "flight", Code.NOTHING, waiting))
                    .await("approval", Approved.class, a -> a.after("flight"))
                    .build()));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    engine.cancel(saga, "no more");
    waiting.awaitReached();
    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATING);

    assertThatThrownBy(() -> engine.cancel(saga, "again"))
        .isInstanceOf(SagaStateException.class)
        .hasMessage("Saga %s turns back already", saga);

    waiting.release();
    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(engine.status(saga).orElseThrow().failure())
        .isEqualTo(new SagaFailure(SagaFailure.Reason.CANCELLED, null, "", "no more"));
  }

  // ---- results that can't be stored

  /** What a step returns. */
  record Receipt(String text) {}

  private SagaDefinition receipt(int length) {
    return Trips.saga(1)
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step("pay", step(world, 0, "pay", StepKind.PIVOT, Code.NOTHING, "flight"))
        .step(
            "receipt",
            s ->
                s.after("pay")
                    .kind(StepKind.RETRIABLE)
                    .retry(Trips.RETRIED)
                    .returns(Receipt.class)
                    .run(
                        c -> {
                          world.effect(0, c.sagaId(), "receipt");
                          return new Receipt("x".repeat(length));
                        }))
        .build();
  }

  @Test
  void resultThatIsTooLargeAfterThePivotMarksTheSagaUntilTheCodeIsMended() {
    SagaEngine broken = world.start(world.node("a", receipt(300_000)));
    UUID saga = Trips.start(world, broken, Trip.of("1"));
    await().atMost(SOON).until(() -> broken.status(saga).orElseThrow().stuckReason() != null);
    assertThat(broken.status(saga).orElseThrow().stuckReason())
        .contains("receipt")
        .contains("300011 bytes");
    assertThat(broken.status(saga).orElseThrow().state()).isEqualTo(SagaState.RUNNING);
    assertThat(world.effects(0, saga)).containsExactly("flight", "pay");

    broken.stop();
    SagaEngine mended = world.start(world.node("b", receipt(3)));

    SagaWorld.awaitState(mended, saga, SagaState.COMPLETED);
    assertThat(mended.status(saga).orElseThrow().stuckReason()).isNull();
    assertThat(world.effects(0, saga)).containsExactly("flight", "pay", "receipt");
  }

  @Test
  void resultThatIsTooLargeBeforeThePivotTurnsTheSagaBack() {
    SagaDefinition definition =
        Trips.saga(1)
            .step("flight", step(world, 0, "flight", Code.NOTHING))
            .step(
                "receipt",
                s ->
                    s.after("flight")
                        .retry(Trips.QUICK)
                        .returns(Receipt.class)
                        .run(
                            c -> {
                              world.effect(0, c.sagaId(), "receipt");
                              return new Receipt("x".repeat(300_000));
                            })
                        .nothingToUndo())
            .build();
    SagaEngine engine = world.start(world.node("a", definition));
    UUID saga = Trips.start(world, engine, Trip.of("1"));

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "-flight");
    assertThat(engine.status(saga).orElseThrow().failure())
        .extracting(SagaFailure::reason)
        .isEqualTo(SagaFailure.Reason.ATTEMPTS_EXHAUSTED);
  }

  /** Messages of exceptions come from anywhere, and not everything fits into a column. */
  @Test
  void failureWhoseMessageTheDatabaseCantHoldStillTurnsTheSagaBack() {
    SagaEngine engine =
        world.start(
            world.node(
                "a",
                trip(
                    c -> {
                      throw new IllegalArgumentException("byte \u0000 and half \ud83d");
                    })));
    UUID saga = Trips.start(world, engine, Trip.of("1"));

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(engine.status(saga).orElseThrow().failure().message()).startsWith("byte ");
  }
}
