package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Ended;
import dev.evenkeel.saga.Trips.Refused;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.Trips.Waiting;
import dev.evenkeel.saga.Wire.Moment;
import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepBuilder;
import dev.evenkeel.saga.spi.SagaObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Steps that call what is not transactional. */
class ExternalIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String BEGIN = "'FORWARD', 'STARTED'";
  private static final String END = "SET outcome = ?, result";

  private final SagaWorld world = new SagaWorld(3);
  private final Bank bank = new Bank();
  private final List<Waiting> waiting = List.of(new Waiting(), new Waiting());

  @AfterEach
  void close() {
    waiting.forEach(Waiting::release);
    world.close();
  }

  /** Does as a service should that knows idempotency keys. */
  private static final class Bank {

    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<String> voids = new CopyOnWriteArrayList<>();
    private final Map<String, String> receipts = new ConcurrentHashMap<>();
    private final Set<String> voided = ConcurrentHashMap.newKeySet();
    private final AtomicInteger rejected = new AtomicInteger();

    synchronized String charge(IdempotencyKey key) {
      assertThat(TransactionSynchronizationManager.isActualTransactionActive()).isFalse();
      calls.add(key.value());
      if (voided.contains(key.value())) {
        rejected.incrementAndGet();
        throw new IllegalStateException("That key is void");
      }
      return receipts.computeIfAbsent(key.value(), k -> "receipt " + (receipts.size() + 1));
    }

    synchronized void undo(IdempotencyKey key, @Nullable String receipt) {
      assertThat(TransactionSynchronizationManager.isActualTransactionActive()).isFalse();
      voids.add(key + " " + receipt);
      voided.add(key.value());
      receipts.remove(key.value());
    }
  }

  private static IdempotencyKey key(UUID saga) {
    return new IdempotencyKey(saga + ":charge:0");
  }

  private Consumer<StepBuilder<Trip>> charge(
      StepKind kind, RetryPolicy retry, Code before, Code after, String... afterSteps) {
    return s -> {
      s.after(afterSteps)
          .shardKey("s1")
          .kind(kind)
          .retry(retry)
          .external()
          .returns(String.class)
          .run(
              c -> {
                before.run(c);
                String receipt = bank.charge(c.idempotencyKey());
                after.run(c);
                return receipt;
              });
      if (kind == StepKind.COMPENSATABLE) {
        s.compensation(c -> bank.undo(c.idempotencyKey(), c.result("charge", String.class)));
      }
    };
  }

  private Consumer<StepBuilder<Trip>> charge(Code before, Code after, String... afterSteps) {
    return charge(StepKind.COMPENSATABLE, Trips.QUICK, before, after, afterSteps);
  }

  /** Between two steps. */
  private SagaDefinition trip(Code before, Code after) {
    return Trips.saga(1)
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step("charge", charge(before, after, "flight"))
        .step("car", step(world, 2, "car", Code.NOTHING, "charge"))
        .build();
  }

  /** The call, and beside it a step that refuses when it is let. */
  private SagaDefinition sideBySide(Code before, Code refusing) {
    return Trips.saga(1)
        .step("charge", charge(before, Code.NOTHING))
        .step(
            "refusing",
            step(
                world,
                2,
                "refusing",
                c -> {
                  refusing.run(c);
                  throw new Refused();
                }))
        .build();
  }

  private SagaEngine nextNode(String name, SagaDefinition... definitions) {
    return nextNode(name, SagaObserver.NONE, definitions);
  }

  private SagaEngine nextNode(String name, SagaObserver observer, SagaDefinition... definitions) {
    world.wire();
    return world.start(world.node(world.options(name), observer, definitions));
  }

  private List<String> outcomes(UUID saga) {
    return world
        .jdbc(1)
        .queryForList(
            "SELECT direction || ' ' || outcome FROM evenkeel.saga_step WHERE saga_id = ? AND step = 'charge' ORDER BY direction DESC",
            String.class,
            saga);
  }

  // ---- the owner dies

  /** Where the first owner dies, and how often the service is called in all. */
  enum Boundary {
    BEFORE_BEGIN(1, p -> p.is("s1", Moment.BEFORE, BEGIN)),
    BEFORE_CALL(1, p -> p.is("s1", Moment.AFTER, Wire.COMMIT) && p.hasSent(BEGIN)),
    BEFORE_OUTCOME(2, p -> p.is("s1", Moment.BEFORE, END)),
    BEFORE_OUTCOMES_COMMIT(2, p -> p.is("s1", Moment.BEFORE, Wire.COMMIT) && p.hasSent(END)),
    AFTER_OUTCOME(1, p -> p.is("s1", Moment.AFTER, Wire.COMMIT) && p.hasSent(END));

    private final int calls;
    private final Predicate<Wire.Point> where;

    Boundary(int calls, Predicate<Wire.Point> where) {
      this.calls = calls;
      this.where = where;
    }
  }

  @ParameterizedTest
  @EnumSource
  void nextOwnerCallsWithTheSameKeyAndTheResultCountsOnce(Boundary boundary) {
    Wire wire = world.wire();
    Wire.Hold hold = wire.hold(boundary.where);
    SagaEngine first = world.start(world.node("a", trip(Code.NOTHING, Code.NOTHING)));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    hold.awaitReached();
    wire.kill();
    hold.release();

    SagaEngine second = nextNode("b", trip(Code.NOTHING, Code.NOTHING));

    SagaWorld.awaitState(second, saga, SagaState.COMPLETED);
    assertThat(bank.calls).hasSize(boundary.calls).containsOnly(key(saga).value());
    assertThat(bank.receipts).containsOnly(Map.entry(key(saga).value(), "receipt 1"));
    assertThat(outcomes(saga)).containsExactly("FORWARD DONE");
    assertThat(world.effects(2, saga)).containsExactly("car");
  }

  @Test
  void compensationIsCalledAgainWithTheSameKeyWhenItsOwnerDiedBeforeItsRow() {
    Wire wire = world.wire();
    Wire.Hold hold =
        wire.hold(p -> p.is("s1", Moment.BEFORE, "EXISTS (SELECT FROM evenkeel.saga_step"));
    SagaEngine first = world.start(world.node("a", refusedLater()));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    hold.awaitReached();
    wire.kill();
    hold.release();

    SagaEngine second = nextNode("b", refusedLater());

    SagaWorld.awaitState(second, saga, SagaState.COMPENSATED);
    String undone = key(saga) + " receipt 1";
    assertThat(bank.voids).containsExactly(undone, undone);
    assertThat(outcomes(saga)).containsExactly("FORWARD DONE", "COMPENSATION DONE");
  }

  private SagaDefinition refusedLater() {
    return Trips.saga(1)
        .step("charge", charge(Code.NOTHING, Code.NOTHING))
        .step(
            "hotel",
            step(
                world,
                2,
                "hotel",
                c -> {
                  throw new Refused();
                },
                "charge"))
        .build();
  }

  // ---- two owners

  @Test
  void outcomeOfTheOwnerThatComesSecondDoesNotCount() {
    Waiting loser = waiting.get(0);
    Wire wire = world.wire();
    Ended ended = new Ended();
    SagaEngine first =
        world.start(
            world.node(
                world.options("a"),
                ended,
                trip(
                    Code.NOTHING,
                    c -> {
                      loser.run(c);
                      throw new Refused();
                    })));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    loser.awaitReached();
    wire.cut(p -> p.shard().equals("s0")); // it loses its home, and not the step's shard
    SagaEngine second = nextNode("b", trip(Code.NOTHING, Code.NOTHING));
    SagaWorld.awaitState(second, saga, SagaState.COMPLETED);

    loser.release();

    await().atMost(SOON).until(() -> ended.attempts().contains("charge DONE"));
    assertThat(outcomes(saga)).containsExactly("FORWARD DONE");
    assertThat(bank.calls).containsExactly(key(saga).value(), key(saga).value());
    assertThat(bank.receipts).hasSize(1);
    assertThat(second.status(saga).orElseThrow().state()).isEqualTo(SagaState.COMPLETED);
  }

  // ---- turned back while a call is under way

  @Test
  void callThatNobodyKnowsOfIsUndoneOnceItsTimeIsOverAndVoidWhenItComesLate() {
    Waiting late = waiting.get(0);
    Ended ended = new Ended();
    SagaEngine engine =
        world.start(
            world.node(world.options("a"), ended, sideBySide(late, c -> late.awaitReached())));
    UUID saga = Trips.start(world, engine, Trip.of("1"));

    await().atMost(SOON).until(() -> ended.attempts().contains("charge STARTED"));
    assertThat(outcomes(saga)).containsExactly("FORWARD STARTED");
    assertThat(engine.status(saga).orElseThrow().state()).isEqualTo(SagaState.CLOSING);
    assertThat(bank.voids).isEmpty();
    world.pass(Duration.ofMinutes(1));

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(outcomes(saga)).containsExactly("FORWARD UNKNOWN", "COMPENSATION DONE");
    assertThat(bank.voids).containsExactly(key(saga) + " null");

    late.release();

    await().atMost(SOON).until(() -> bank.rejected.get() == 1);
    await().atMost(SOON).until(() -> engine.attempts().isEmpty());
    assertThat(bank.receipts).isEmpty();
    assertThat(outcomes(saga)).containsExactly("FORWARD UNKNOWN", "COMPENSATION DONE");
  }

  @Test
  void callThatEndsInTimeIsUndoneWithItsResult() {
    Waiting late = waiting.get(0);
    Ended ended = new Ended();
    SagaEngine engine =
        world.start(
            world.node(world.options("a"), ended, sideBySide(late, c -> late.awaitReached())));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    await().atMost(SOON).until(() -> ended.attempts().contains("charge STARTED"));

    late.release();

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(outcomes(saga)).containsExactly("FORWARD DONE", "COMPENSATION DONE");
    assertThat(bank.voids).containsExactly(key(saga) + " receipt 1");
  }

  @Test
  void ownerThatStoodStillBeforeItBeganDoesNotCallOnceTheCallIsGivenUp() {
    zombieDoesNotCall(p -> p.is("s1", Moment.BEFORE, BEGIN));
  }

  @Test
  void ownerThatStoodStillBeforeItCalledDoesNotCallOnceTheCallIsGivenUp() {
    zombieDoesNotCall(p -> p.is("s1", Moment.AFTER, Wire.COMMIT) && p.hasSent(BEGIN));
  }

  private void zombieDoesNotCall(Predicate<Wire.Point> where) {
    AtomicInteger ofFirst = new AtomicInteger();
    Ended ended = new Ended();
    Wire wire = world.wire();
    Wire.Hold hold = wire.hold(where);
    SagaEngine first =
        world.start(
            world.node(
                world.options("a"), ended, trip(c -> ofFirst.incrementAndGet(), Code.NOTHING)));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    hold.awaitReached();
    wire.cut(p -> p.shard().equals("s0"));
    Ended endedSecond = new Ended();
    SagaEngine second =
        nextNode(
            "b",
            endedSecond,
            trip(
                c -> {
                  throw new IllegalStateException("503");
                },
                Code.NOTHING));
    await().atMost(SOON).until(() -> endedSecond.attempts().contains("charge STARTED"));
    world.pass(Duration.ofMinutes(1));
    SagaWorld.awaitState(second, saga, SagaState.COMPENSATED);

    hold.release();

    await()
        .atMost(SOON)
        .until(() -> ended.attempts().stream().anyMatch(line -> line.startsWith("charge")));
    assertThat(ofFirst).hasValue(0);
    assertThat(bank.calls).isEmpty();
    assertThat(bank.voids).containsExactly(key(saga) + " null");
  }

  // ---- the pivot

  @Test
  void pivotThatWasBegunIsCalledUntilItsOutcomeIsKnown() {
    AtomicInteger calls = new AtomicInteger();
    SagaEngine engine =
        world.start(
            world.node(
                "a",
                withPivot(
                    c -> {
                      // Three before it turns back, and more than make it stuck after that.
                      if (calls.incrementAndGet() <= 7) {
                        throw new IllegalStateException("503");
                      }
                    })));
    UUID saga = Trips.start(world, engine, Trip.of("1"));

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(calls).hasValue(8);
    assertThat(bank.calls).containsExactly(key(saga).value());
    assertThat(world.effects(0, saga)).containsExactly("flight");
    assertThat(world.effects(2, saga)).containsExactly("ticket");
    assertThat(engine.history(saga))
        .extracting(SagaHistoryEntry::kind)
        .contains(SagaHistoryEntry.Kind.STUCK);
    SagaStatus status = engine.status(saga).orElseThrow();
    assertThat(status.forwardOnly()).isTrue();
    assertThat(status.stuckReason()).isNull();
  }

  @Test
  void pivotThatWasBegunAndIsRefusedInTheEndTurnsBack() {
    AtomicInteger calls = new AtomicInteger();
    SagaEngine engine =
        world.start(
            world.node(
                "a",
                withPivot(
                    c -> {
                      if (calls.incrementAndGet() <= 4) {
                        throw new IllegalStateException("503");
                      }
                      throw new Refused();
                    })));
    UUID saga = Trips.start(world, engine, Trip.of("1"));

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(outcomes(saga)).containsExactly("FORWARD REFUSED");
    assertThat(world.effects(0, saga)).containsExactly("flight", "-flight");
  }

  @Test
  void pivotWhoseOwnerDiedDuringTheCallIsFoundDoneAfterTheDeadline() {
    Wire wire = world.wire();
    Wire.Hold hold = wire.hold(p -> p.is("s1", Moment.BEFORE, END));
    SagaEngine first = world.start(world.node("a", withPivot(Code.NOTHING)));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    hold.awaitReached();
    wire.kill();
    hold.release();
    world.pass(Duration.ofHours(1));

    SagaEngine second = nextNode("b", withPivot(Code.NOTHING));

    SagaWorld.awaitState(second, saga, SagaState.COMPLETED);
    assertThat(bank.calls).containsExactly(key(saga).value(), key(saga).value());
    assertThat(bank.receipts).hasSize(1);
    assertThat(world.effects(0, saga)).containsExactly("flight");
    assertThat(second.status(saga).orElseThrow().forwardOnly()).isTrue();
  }

  private SagaDefinition withPivot(Code before) {
    return Trips.saga(1)
        .deadline(Duration.ofMinutes(30))
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step("charge", charge(StepKind.PIVOT, Trips.QUICK, before, Code.NOTHING, "flight"))
        .step("ticket", step(world, 2, "ticket", StepKind.RETRIABLE, Code.NOTHING, "charge"))
        .build();
  }

  // ---- slow services

  @Test
  void callThatTakesTooLongIsInterruptedAndCalledAgain() {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch never = new CountDownLatch(1);
    SagaDefinition definition =
        Trips.saga(1)
            .step(
                "charge",
                s -> {
                  charge(
                          c -> {
                            if (calls.incrementAndGet() == 1) {
                              assertThat(never.await(20, TimeUnit.SECONDS)).isFalse();
                            }
                          },
                          Code.NOTHING)
                      .accept(s);
                  s.timeout(Duration.ofMillis(300));
                })
            .build();
    SagaEngine engine = world.start(world.node("a", definition));
    UUID saga = Trips.start(world, engine, Trip.of("1"));

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(bank.calls).containsExactly(key(saga).value());
    assertThat(engine.history(saga))
        .filteredOn(line -> line.kind() == SagaHistoryEntry.Kind.FAILED)
        .extracting(SagaHistoryEntry::detail)
        .containsExactly("It took longer than PT0.3S and was ended");
  }

  @Test
  void slowServiceHoldsNoShard() {
    Waiting slow = waiting.get(0);
    SagaDefinition local =
        dev.evenkeel.saga.definition.SagaBuilder.saga("local", 1, Trip.class)
            .key("id")
            .shardKey("home")
            .step("hotel", step(world, 1, "hotel", Code.NOTHING))
            .build();
    SagaEngine engine = world.start(world.node("a", trip(slow, Code.NOTHING), local));
    List<UUID> sagas = new ArrayList<>();
    for (int i = 0; i < 12; i++) { // more than run on a shard at one time
      Trip trip = Trip.of("slow " + i);
      sagas.add(world.inTransaction(engine, trip.home(), () -> engine.start("trip", trip)).id());
    }
    slow.awaitReached();

    UUID other =
        world.inTransaction(engine, "s0", () -> engine.start("local", Trip.of("other"))).id();

    SagaWorld.awaitState(engine, other, SagaState.COMPLETED);
    slow.release();
    sagas.forEach(saga -> SagaWorld.awaitState(engine, saga, SagaState.COMPLETED));
  }
}
