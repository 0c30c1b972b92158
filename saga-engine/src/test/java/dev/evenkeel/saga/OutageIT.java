package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Ended;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.JdbcTemplate;

/** Shards that do not answer, and attempts that do not end. */
class OutageIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final SagaWorld world = new SagaWorld(3);

  @AfterEach
  void close() {
    world.close();
  }

  // ---- a shard down for an hour

  private SagaDefinition overThree() {
    return Trips.saga(1)
        .deadline(Duration.ofMinutes(30))
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step("hotel", step(world, 1, "hotel", Code.NOTHING, "flight"))
        .step("pay", step(world, 0, "pay", StepKind.PIVOT, Code.NOTHING, "hotel"))
        .build();
  }

  /** Without the shard that is going to be down. */
  private SagaDefinition elsewhere() {
    return dev.evenkeel.saga.definition.SagaBuilder.saga("elsewhere", 1, Trips.Trip.class)
        .key("id")
        .shardKey("home")
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step("car", step(world, 2, "car", Code.NOTHING, "flight"))
        .build();
  }

  /** Known to be down, or found out by each that tries. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void deadlineWaitsForAShardThatIsDownAndThenAllIsUndone(boolean known) {
    Wire wire = world.wire();
    SagaEngine engine = world.start(world.node("a", overThree(), elsewhere()));
    Wire.Gate down = point -> {};
    if (known) {
      world.down(1, true);
    } else {
      down = wire.cut(point -> point.shard().equals("s1"));
    }
    List<UUID> waiting = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Trip trip = Trip.of("waits " + i);
      waiting.add(world.inTransaction(engine, "s0", () -> engine.start("trip", trip)).id());
    }

    // Others go on, and what waits for the shard is in nobody's memory.
    for (int minutes = 0; minutes < 60; minutes += 6) {
      Trip other = Trip.of("other " + minutes);
      UUID id = world.inTransaction(engine, "s0", () -> engine.start("elsewhere", other)).id();
      SagaWorld.awaitState(engine, id, SagaState.COMPLETED);
      world.pass(Duration.ofMinutes(6));
    }
    await().atMost(SOON).until(() -> engine.home("s0").active() == 0);
    for (UUID id : waiting) {
      SagaStatus status = engine.status(id).orElseThrow();
      assertThat(status.state()).isEqualTo(SagaState.CLOSING);
      assertThat(status.stuckReason()).isNull();
      assertThat(world.effects(0, id)).containsExactly("flight");
    }

    world.down(1, false);
    wire.remove(down);
    world.pass(Duration.ofMinutes(1)); // more than the longest wait between two tries

    for (UUID id : waiting) {
      SagaWorld.awaitState(engine, id, SagaState.COMPENSATED);
      assertThat(world.effects(0, id)).containsExactly("flight", "-flight");
      assertThat(world.effects(1, id)).isEmpty();
      assertThat(engine.status(id).orElseThrow().failure().reason())
          .isEqualTo(SagaFailure.Reason.DEADLINE);
    }
  }

  @Test
  void homeThatDoesNotAnswerHoldsNoOtherHome() {
    Wire wire = world.wire();
    SagaEngine engine = world.start(world.node("a", overThree(), elsewhere()));
    Wire.Gate down = wire.cut(point -> point.shard().equals("s1"));
    UUID id =
        world.inTransaction(engine, "s2", () -> engine.start("elsewhere", Trip.at("1", "s2"))).id();

    SagaWorld.awaitState(engine, id, SagaState.COMPLETED);

    wire.remove(down);
    UUID after =
        world.inTransaction(engine, "s1", () -> engine.start("elsewhere", Trip.at("1", "s1"))).id();
    SagaWorld.awaitState(engine, after, SagaState.COMPLETED);
  }

  /** The writer repeats a batch whose commit gave no answer, and finds it done. */
  @Test
  void endWhoseCommitGaveNoAnswerIsFoundByTheWriter() {
    Wire wire = world.wire();
    wire.cutOnce(
        p ->
            p.is("s0", Wire.Moment.AFTER, Wire.COMMIT)
                && p.transaction().stream().anyMatch(s -> s.sql().contains("unnest(?::uuid[]"))
                && world.effectCount(2) == 1);
    SagaEngine engine = world.start(world.node("a", elsewhere()));
    UUID id = world.inTransaction(engine, "s0", () -> engine.start("elsewhere", Trip.of("1"))).id();

    SagaWorld.awaitState(engine, id, SagaState.COMPLETED);
    await().atMost(SOON).until(() -> engine.home("s0").active() == 0);
    assertThat(world.effects(0, id)).containsExactly("flight");
    assertThat(world.effects(2, id)).containsExactly("car");
  }

  /** The server ends what stands still in a transaction; nothing is wrong with the instance. */
  @Test
  void writerThatStandsStillInItsTransactionGoesOn() {
    Wire wire = world.wire();
    Wire.Hold writing =
        wire.hold(
            p -> p.is("s0", Wire.Moment.AFTER, "unnest(?::uuid[]") && world.effectCount(2) == 1);
    SagaEngine engine = world.start(world.node("a", elsewhere()));
    UUID id = world.inTransaction(engine, "s0", () -> engine.start("elsewhere", Trip.of("1"))).id();
    writing.awaitReached();
    await()
        .atMost(SOON)
        .until(
            () ->
                world
                        .jdbc(0)
                        .queryForObject(
                            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND state = 'idle in transaction' AND query LIKE '%unnest($1::uuid[]%'",
                            Long.class)
                    == 0);

    writing.release();

    SagaWorld.awaitState(engine, id, SagaState.COMPLETED);
    assertThat(engine.status(id).orElseThrow().stuckReason()).isNull();
  }

  // ---- attempts that do not end

  private SagaDefinition slow(Duration timeout, int attempts, Code code) {
    return Trips.saga(1)
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step(
            "slow",
            s ->
                s.after("flight")
                    .timeout(timeout)
                    .retry(
                        new RetryPolicy(
                            attempts, Duration.ofMillis(5), Duration.ofMillis(5), List.of()))
                    .run(
                        c -> {
                          code.run(c);
                          world.effect(0, c.sagaId(), "slow");
                          return null;
                        })
                    .nothingToUndo())
        .build();
  }

  @Test
  void attemptThatWaitsInTheDatabaseIsEndedAndRepeated() {
    AtomicInteger attempts = new AtomicInteger();
    Ended ended = new Ended();
    Wire wire = world.wire();
    SagaEngine engine =
        world.start(
            world.node(
                world.options("a"),
                ended,
                slow(
                    Duration.ofMillis(300),
                    5,
                    c -> {
                      if (attempts.incrementAndGet() == 1) {
                        new JdbcTemplate(world.transactional(0)).execute("SELECT pg_sleep(30)");
                      }
                    })));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    // Others use the pool meanwhile, and must not be hit.
    List<UUID> others = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      others.add(Trips.start(world, engine, Trip.of("other " + i)));
    }

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    others.forEach(other -> SagaWorld.awaitState(engine, other, SagaState.COMPLETED));
    assertThat(attempts).hasValue(42);
    assertThat(ended.attempts())
        .filteredOn(a -> !a.endsWith("DONE"))
        .containsExactly("slow FAILED");
    assertThat(world.effects(0, saga)).containsExactly("flight", "slow");
    assertThat(wire.sessions()).isLessThanOrEqualTo(3 * 16);
  }

  @Test
  void attemptsThatWaitInTheDatabaseAreUsedUpAndTheSagaTurnsBack() {
    SagaEngine engine =
        world.start(
            world.node(
                "a",
                slow(
                    Duration.ofMillis(200),
                    2,
                    c -> new JdbcTemplate(world.transactional(0)).execute("SELECT pg_sleep(30)"))));
    UUID saga = Trips.start(world, engine, Trip.of("1"));

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "-flight");
    assertThat(engine.status(saga).orElseThrow().failure())
        .satisfies(
            failure -> {
              assertThat(failure.reason()).isEqualTo(SagaFailure.Reason.ATTEMPTS_EXHAUSTED);
              assertThat(failure.step()).isEqualTo("slow");
              assertThat(failure.message()).contains("PT0.2S");
            });
  }

  @Test
  void attemptThatWaitsElsewhereIsInterruptedAndRepeated() {
    AtomicInteger attempts = new AtomicInteger();
    CountDownLatch never = new CountDownLatch(1);
    SagaEngine engine =
        world.start(
            world.node(
                "a",
                slow(
                    Duration.ofMillis(300),
                    5,
                    c -> {
                      if (attempts.incrementAndGet() == 1) {
                        never.await();
                      }
                    })));
    UUID saga = Trips.start(world, engine, Trip.of("1"));

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(attempts).hasValue(2);
    assertThat(world.effects(0, saga)).containsExactly("flight", "slow");
  }
}
