package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.Trips.Approved;
import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.Trips.Waiting;
import dev.evenkeel.saga.Wire.Moment;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;

/** Signals, in every order with what else happens to their saga. */
class SignalIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final SagaWorld world = new SagaWorld(1);
  private final Waiting waiting = new Waiting();
  private final ExecutorService callers = Executors.newFixedThreadPool(8);

  @AfterEach
  void close() {
    waiting.release();
    callers.shutdownNow();
    world.close();
  }

  /** A flight, an approval, and a ticket that carries the approver's name. */
  private SagaDefinition approved() {
    return Trips.saga(1)
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .await("approval", Approved.class, a -> a.after("flight").timeout(Duration.ofMinutes(20)))
        .step(
            "ticket",
            s ->
                s.after("approval")
                    .run(
                        c -> {
                          Approved by = c.result("approval", Approved.class);
                          world.effect(0, c.sagaId(), "ticket by " + (by == null ? "" : by.by()));
                          return null;
                        })
                    .nothingToUndo())
        .build();
  }

  private static SagaRef ref(String key) {
    return new SagaRef("trip", key, "s0");
  }

  private void awaitParked(SagaEngine engine, UUID saga) {
    await()
        .atMost(SOON)
        .until(
            () ->
                world.effects(0, saga).contains("flight")
                    && engine.status(saga).orElseThrow().owner() == null);
  }

  private long rows(String table) {
    return world.jdbc(0).queryForObject("SELECT count(*) FROM evenkeel." + table, Long.class);
  }

  private static void get(List<Future<?>> calls) throws Exception {
    for (Future<?> call : calls) {
      call.get(60, TimeUnit.SECONDS);
    }
  }

  /** What a saga does on other shards rests on its start. */
  @Test
  void transactionThatStartsOrSignalsWaitsForTheDiskWhateverItsSessionSays() {
    SagaEngine engine = world.start(world.node("a", approved()));

    assertThat(commitAfter(engine, () -> engine.start(Trip.of("1")))).isEqualTo("on");
    assertThat(commitAfter(engine, () -> engine.signal(ref("2"), new Approved("me"))))
        .isEqualTo("on");
    assertThat(commitAfter(engine, () -> {})).as("without either").isEqualTo("off");
  }

  private String commitAfter(SagaEngine engine, Runnable work) {
    return world.inTransaction(
        engine,
        "s0",
        () -> {
          JdbcTemplate jdbc = new JdbcTemplate(world.transactional(0));
          jdbc.execute("SET LOCAL synchronous_commit = off");
          work.run();
          return jdbc.queryForObject("SELECT current_setting('synchronous_commit')", String.class);
        });
  }

  // ---- signal and timeout at once

  @Test
  void signalAndTimeoutAtOnceHaveOneOutcomeBetweenThem() throws Exception {
    SagaEngine engine = world.start(world.node("a", approved()));
    world.wire();
    SagaEngine other = world.start(world.node("b", approved()));
    List<UUID> sagas = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      sagas.add(Trips.start(world, engine, Trip.of("trip " + i)));
    }
    sagas.forEach(saga -> awaitParked(engine, saga));
    CountDownLatch go = new CountDownLatch(1);
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      UUID saga = sagas.get(i);
      long micros = i * 1_500L;
      calls.add(
          callers.submit(
              () -> {
                go.await();
                LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(micros % 30_000));
                try {
                  other.signal(saga, new Approved("me"));
                } catch (SagaStateException e) {
                  assertThat(e.state()).isEqualTo(SagaState.COMPENSATED);
                }
                return saga;
              }));
    }

    go.countDown();
    world.pass(Duration.ofMinutes(21));
    get(calls);

    for (UUID saga : sagas) {
      await().atMost(SOON).until(() -> engine.status(saga).orElseThrow().state().isEnded());
      if (engine.status(saga).orElseThrow().state() == SagaState.COMPLETED) {
        assertThat(world.effects(0, saga)).containsExactly("flight", "ticket by me");
        assertThat(outcome(saga)).isEqualTo("DONE");
      } else {
        assertThat(world.effects(0, saga)).containsExactly("flight", "-flight");
        assertThat(outcome(saga)).isEqualTo("REFUSED");
      }
    }
  }

  private String outcome(UUID saga) {
    return world
        .jdbc(0)
        .queryForObject(
            "SELECT outcome FROM evenkeel.saga_step WHERE saga_id = ? AND step = 'approval'",
            String.class,
            saga);
  }

  @Test
  void signalThatWaitsForTheTimeoutComesTooLate() throws Exception {
    Wire wire = world.wire();
    Wire.Hold turning =
        wire.hold(
            p -> p.is("s0", Moment.BEFORE, Wire.COMMIT) && p.hasWritten("approval", "REFUSED"));
    SagaEngine engine = world.start(world.node("a", approved()));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    awaitParked(engine, saga);
    world.pass(Duration.ofMinutes(21));
    turning.awaitReached();
    Future<SignalResult> signal = callers.submit(() -> engine.signal(saga, new Approved("me")));
    awaitBlocked("%saga_wake SET bumped%");

    turning.release();

    assertThat(signal.get(60, TimeUnit.SECONDS)).isEqualTo(SignalResult.STORED);
    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "-flight");
    assertThat(engine.status(saga).orElseThrow().failure())
        .extracting(SagaFailure::reason)
        .isEqualTo(SagaFailure.Reason.TIMEOUT);
  }

  @Test
  void signalThatIsStoredBeforeTheTimeoutIsWrittenIsInTime() {
    Wire wire = world.wire();
    SagaEngine engine = world.start(world.node("a", approved()));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    awaitParked(engine, saga);
    Wire.Hold turning = wire.hold(p -> p.is("s0", Moment.BEFORE, "unnest(?::uuid[]"));
    world.pass(Duration.ofMinutes(21));
    turning.awaitReached();
    engine.signal(saga, new Approved("me"));

    turning.release();

    await("a signal that is stored before the timeout is written counts")
        .atMost(SOON)
        .until(() -> engine.status(saga).orElseThrow().state() == SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "ticket by me");
  }

  // ---- signal as the owner parks

  @Test
  void signalThatCommitsBeforeTheParkIsComparedKeepsItsSagaAwake() {
    Wire wire = world.wire();
    Wire.Hold park =
        wire.hold(p -> p.is("s0", Moment.BEFORE, "unnest(?::uuid[]") && world.effectCount(0) == 1);
    SagaEngine engine = world.start(world.node("a", approved()));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    park.awaitReached();
    engine.signal(saga, new Approved("me"));

    park.release();

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "ticket by me");
  }

  @Test
  void signalThatWaitsForTheParkWakesItsSaga() throws Exception {
    Wire wire = world.wire();
    Wire.Hold park =
        wire.hold(p -> p.is("s0", Moment.AFTER, "unnest(?::uuid[]") && world.effectCount(0) == 1);
    SagaEngine engine = world.start(world.node("a", approved()));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    park.awaitReached();
    Future<SignalResult> signal = callers.submit(() -> engine.signal(saga, new Approved("me")));
    awaitBlocked("%saga_wake SET bumped%");

    park.release();

    assertThat(signal.get(60, TimeUnit.SECONDS)).isEqualTo(SignalResult.STORED);
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "ticket by me");
  }

  @Test
  void signalWhoseTransactionIsOpenWhileItsSagaWouldParkIsNotMissed() {
    Wire wire = world.wire();
    SagaDefinition definition =
        Trips.saga(1)
            .step("flight", step(world, 0, "flight", waiting))
            .await("approval", Approved.class, a -> a.after("flight"))
            .step("ticket", step(world, 0, "ticket", Code.NOTHING, "approval"))
            .build();
    Wire.Hold tried =
        wire.hold(
            p ->
                p.is("s0", Moment.AFTER, Wire.COMMIT)
                    && p.hasSent("unnest(?::uuid[]")
                    && world.effectCount(0) == 1);
    SagaEngine engine = world.start(world.node("a", definition));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    waiting.awaitReached();
    world.inTransaction(
        engine,
        "s0",
        () -> {
          engine.signal(saga, new Approved("me"));
          waiting.release();
          tried.awaitReached(); // a park, or the progress before it
          tried.release();
          return saga;
        });

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "ticket");
  }

  @Test
  void signalsSentAtAnyMomentWakeTheirSagas() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    SagaEngine engine = world.start(world.node("a", approved()));
    world.wire();
    SagaEngine other = world.start(world.node("b", approved()));
    List<UUID> sagas = new ArrayList<>();
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      UUID saga = Trips.start(world, engine, Trip.of("trip " + i));
      sagas.add(saga);
      long nanos = random.nextInt(40_000_000);
      SagaEngine by = random.nextBoolean() ? engine : other;
      calls.add(
          callers.submit(
              () -> {
                LockSupport.parkNanos(nanos);
                return by.signal(saga, new Approved("me"));
              }));
    }
    get(calls);

    for (UUID saga : sagas) {
      SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
      assertThat(world.effects(0, saga)).containsExactly("flight", "ticket by me");
    }
    assertThat(rows("saga_event")).isZero();
    await().atMost(SOON).until(() -> rows("saga_wake") == 0 && rows("saga_timer") == 0);
  }

  // ---- signal before the start

  @Test
  void signalBeforeTheStartIsFoundByIt() {
    SagaEngine engine = world.start(world.node("a", approved()));
    engine.signal(ref("1"), new Approved("early"));
    assertThat(engine.find(ref("1"))).isEmpty();

    UUID saga = Trips.start(world, engine, Trip.of("1"));

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "ticket by early");
  }

  @Test
  void startWaitsForASignalWhoseTransactionIsOpen() throws Exception {
    SagaEngine engine = world.start(world.node("a", approved()));
    CountDownLatch signalled = new CountDownLatch(1);
    Future<?> signal =
        callers.submit(
            () ->
                world.inTransaction(
                    engine,
                    "s0",
                    () -> {
                      engine.signal(ref("1"), new Approved("early"));
                      signalled.countDown();
                      awaitBlocked("%INTO evenkeel.saga_key%");
                      return 1;
                    }));
    Wire.await(signalled, "no signal");

    UUID saga = Trips.start(world, engine, Trip.of("1"));

    signal.get(60, TimeUnit.SECONDS);
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "ticket by early");
  }

  @Test
  void signalWaitsForAStartWhoseTransactionIsOpen() throws Exception {
    SagaEngine engine = world.start(world.node("a", approved()));
    CountDownLatch started = new CountDownLatch(1);
    Future<UUID> start =
        callers.submit(
            () ->
                world.inTransaction(
                    engine,
                    "s0",
                    () -> {
                      UUID id = engine.start(Trip.of("1")).id();
                      started.countDown();
                      awaitBlocked("%INTO evenkeel.saga_key%");
                      return id;
                    }));
    Wire.await(started, "no start");

    engine.signal(ref("1"), new Approved("me"));

    UUID saga = start.get(60, TimeUnit.SECONDS);
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "ticket by me");
  }

  private void awaitBlocked(String query) {
    await()
        .atMost(SOON)
        .until(
            () ->
                world
                        .jdbc(0)
                        .queryForObject(
                            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND wait_event_type = 'Lock' AND query LIKE ?",
                            Long.class,
                            query)
                    > 0);
  }

  // ---- signals twice

  @Test
  void signalThatComesTwiceCountsOnce() {
    SagaDefinition definition =
        Trips.saga(1)
            .await("approval", Approved.class, a -> a.after())
            .step("ticket", step(world, 0, "ticket", waiting, "approval"))
            .build();
    SagaEngine engine = world.start(world.node("a", definition));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    engine.signal(saga, new Approved("first"));
    waiting.awaitReached();
    engine.signal(saga, new Approved("second"));
    waiting.release();

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("ticket");
    assertThat(
            world
                .jdbc(0)
                .queryForObject(
                    "SELECT convert_from(result, 'UTF8') FROM evenkeel.saga_step WHERE step = 'approval'",
                    String.class))
        .contains("first");
  }

  @Test
  void eachOfTwoAwaitsTakesASignalOfItsOwnInTheOrderOfArrival() {
    SagaDefinition definition =
        Trips.saga(1)
            .await("first", Approved.class, a -> a.after())
            .await("second", Approved.class, a -> a.after("first"))
            .step(
                "ticket",
                s ->
                    s.after("second")
                        .run(
                            c -> {
                              world.effect(
                                  0,
                                  c.sagaId(),
                                  c.result("first", Approved.class).by()
                                      + c.result("second", Approved.class).by());
                              return null;
                            })
                        .nothingToUndo())
            .build();
    SagaEngine engine = world.start(world.node("a", definition));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    engine.signal(saga, new Approved("A"));
    engine.signal(saga, new Approved("B"));

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("AB");
  }

  // ---- signal while the saga ends

  @Test
  void signalWhoseTransactionIsOpenWhileItsSagaEndsLeavesNothingBehind() {
    SagaDefinition definition =
        Trips.saga(1)
            .step("flight", step(world, 0, "flight", waiting))
            .await("approval", Approved.class, a -> a.after("flight").when("vip"))
            .build();
    SagaEngine engine = world.start(world.node("a", definition));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    waiting.awaitReached();
    world.inTransaction(
        engine,
        "s0",
        () -> {
          engine.signal(saga, new Approved("late"));
          waiting.release();
          SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
          return saga;
        });

    await().atMost(SOON).until(() -> rows("saga_wake") == 0);
    assertThat(engine.status(saga).orElseThrow().state()).isEqualTo(SagaState.COMPLETED);
    assertThatThrownBy(() -> engine.signal(saga, new Approved("later")))
        .isInstanceOf(SagaStateException.class);
  }

  // ---- the outcome of an await comes before what follows from it

  @Test
  void nothingFollowsFromASignalBeforeItsOutcomeIsCommitted() {
    Wire wire = world.wire();
    Wire.Hold progress =
        wire.hold(
            p ->
                p.is("s0", Moment.BEFORE, Wire.COMMIT)
                    && p.hasSent("unnest(?::uuid[]")
                    && world.effectCount(0) == 1);
    Wire.Hold outcome =
        wire.hold(p -> p.is("s0", Moment.BEFORE, Wire.COMMIT) && p.hasWritten("approval", "DONE"));
    Waiting other = new Waiting();
    SagaDefinition definition =
        Trips.saga(1)
            .step("flight", step(world, 0, "flight", Code.NOTHING))
            .step("hotel", step(world, 0, "hotel", waiting)) // keeps it from being parked
            .await("approval", Approved.class, a -> a.after("flight"))
            .step("ticket", step(world, 0, "ticket", other, "approval"))
            .build();
    SagaEngine engine = world.start(world.node("a", definition));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    progress.awaitReached(); // what can wait is being written
    engine.signal(saga, new Approved("me"));
    await().atMost(SOON).until(() -> isSignalSeen(saga));
    progress.release(); // and now what can't is behind it
    outcome.awaitReached();

    assertThat(other.isReached()).isFalse();

    outcome.release();
    other.awaitReached();
    other.release();
    waiting.release();
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
  }

  private boolean isSignalSeen(UUID saga) {
    return world
        .jdbc(0)
        .queryForObject(
            "SELECT seen > 0 AND seen = bumped FROM evenkeel.saga_wake WHERE saga_id = ?",
            Boolean.class,
            saga);
  }
}
