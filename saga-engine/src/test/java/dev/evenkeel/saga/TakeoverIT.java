package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.SagaHistoryEntry.Kind;
import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Ended;
import dev.evenkeel.saga.Trips.Refused;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.Trips.Waiting;
import dev.evenkeel.saga.Wire.Moment;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;

/** What one owner leaves and the next one finds. */
class TakeoverIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final SagaWorld world = new SagaWorld(3);
  private final List<Waiting> waiting =
      List.of(new Waiting(), new Waiting(), new Waiting(), new Waiting());

  @AfterEach
  void close() {
    waiting.forEach(Waiting::release);
    world.close();
  }

  private List<String> outcomes(int shard, UUID saga, String step) {
    return world
        .jdbc(shard)
        .queryForList(
            "SELECT direction || ' ' || outcome FROM evenkeel.saga_step WHERE saga_id = ? AND step = ? ORDER BY direction DESC",
            String.class,
            saga,
            step);
  }

  /** A session waits for a lock in the insert of a step's row. */
  private void awaitBlockedInsert(int shard) {
    await()
        .atMost(SOON)
        .until(
            () ->
                world
                        .jdbc(shard)
                        .queryForObject(
                            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND wait_event_type = 'Lock' AND query LIKE '%INTO evenkeel.saga_step%'",
                            Long.class)
                    > 0);
  }

  // ---- compensation begun, owner dies, the refused step would now succeed

  @Test
  void whatHasTurnedBackStaysUndoneThoughTheRefusedStepWouldSucceedNow() {
    AtomicBoolean full = new AtomicBoolean(true);
    Waiting undo = waiting.get(0);
    Wire wire = world.wire();
    SagaEngine first = world.start(world.node("a", refusable(full, undo)));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    undo.awaitReached();
    wire.kill();
    undo.release();
    full.set(false);

    SagaEngine second = nextNode("b", refusable(full, Code.NOTHING));

    SagaWorld.awaitState(second, saga, SagaState.COMPENSATED);
    assertThat(world.effects(1, saga)).containsExactly("flight", "-flight");
    assertThat(world.effects(2, saga)).isEmpty();
    assertThat(outcomes(2, saga, "hotel")).containsExactly("FORWARD REFUSED");
  }

  @Test
  void whatWasUndoneBeforeTheOwnerDiedIsNotUndoneAgain() {
    AtomicBoolean full = new AtomicBoolean(true);
    Wire wire = world.wire();
    Wire.Hold undone =
        wire.hold(
            p -> p.is("s1", Moment.AFTER, Wire.COMMIT) && p.hasWritten("flight", "COMPENSATION"));
    SagaEngine first = world.start(world.node("a", refusable(full, Code.NOTHING)));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    undone.awaitReached();
    wire.kill();
    undone.release();

    SagaEngine second = nextNode("b", refusable(full, Code.NOTHING));

    SagaWorld.awaitState(second, saga, SagaState.COMPENSATED);
    assertThat(world.effects(1, saga)).containsExactly("flight", "-flight");
  }

  private SagaDefinition refusable(AtomicBoolean full, Code undo) {
    return Trips.saga(1)
        .step("flight", step(world, 1, "flight", Code.NOTHING, undo))
        .step(
            "hotel",
            step(
                world,
                2,
                "hotel",
                c -> {
                  if (full.get()) {
                    throw new Refused();
                  }
                },
                "flight"))
        .build();
  }

  /** With the world's own pools, past whatever the last wire does. */
  private SagaEngine nextNode(String name, SagaDefinition... definitions) {
    world.wire();
    return world.start(world.node(name, definitions));
  }

  // ---- pivot committed, its progress lost, deadline fires

  @Test
  void pivotWhoseProgressWasLostIsFoundByTheDeadlineAndNothingIsUndone() {
    Wire wire = world.wire();
    Wire.Hold paid =
        wire.hold(p -> p.is("s1", Moment.AFTER, Wire.COMMIT) && p.hasWritten("pay", "DONE"));
    SagaEngine first = world.start(world.node("a", withPivot()));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    paid.awaitReached();
    wire.kill();
    paid.release();
    world.pass(Duration.ofHours(1));

    SagaEngine second = nextNode("b", withPivot());

    SagaWorld.awaitState(second, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight");
    assertThat(world.effects(1, saga)).containsExactly("pay");
    assertThat(world.effects(2, saga)).containsExactly("ticket");
    assertThat(second.status(saga)).get().extracting(SagaStatus::forwardOnly).isEqualTo(true);
    assertThat(second.history(saga))
        .filteredOn(line -> line.kind() == Kind.STATE)
        .extracting(line -> line.detail().replaceAll(":.*", ""))
        .containsExactly("CLOSING", "RUNNING", "COMPLETED");
  }

  @Test
  void deadlineBeforeThePivotFencesItAndUndoesTheRest() {
    Wire wire = world.wire();
    Wire.Hold paying =
        wire.hold(p -> p.is("s1", Moment.BEFORE, Wire.COMMIT) && p.hasWritten("pay", "DONE"));
    SagaEngine first = world.start(world.node("a", withPivot()));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    paying.awaitReached();
    wire.kill();
    paying.release();
    world.pass(Duration.ofHours(1));

    SagaEngine second = nextNode("b", withPivot());

    SagaWorld.awaitState(second, saga, SagaState.COMPENSATED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "-flight");
    assertThat(world.effects(1, saga)).isEmpty();
    assertThat(outcomes(1, saga, "pay")).containsExactly("FORWARD FENCED");
    assertThat(second.status(saga).orElseThrow().failure())
        .extracting(SagaFailure::reason)
        .isEqualTo(SagaFailure.Reason.DEADLINE);
  }

  private SagaDefinition withPivot() {
    return Trips.saga(1)
        .deadline(Duration.ofMinutes(30))
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step("pay", step(world, 1, "pay", StepKind.PIVOT, Code.NOTHING, "flight"))
        .step("ticket", step(world, 2, "ticket", StepKind.RETRIABLE, Code.NOTHING, "pay"))
        .build();
  }

  // ---- two nodes run one step at once

  /** A definition whose hotel, on s1, is booked as the node says. */
  private SagaDefinition hotel(Code code) {
    return Trips.saga(1)
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step("hotel", step(world, 1, "hotel", code, "flight"))
        .step("car", step(world, 2, "car", Code.NOTHING, "hotel"))
        .build();
  }

  @Test
  void refusalOfTheLoserIsNoRefusal() {
    Waiting loser = waiting.get(0);
    Wire wire = world.wire();
    Ended ended = new Ended();
    SagaEngine first =
        world.start(
            world.node(
                world.options("a"),
                ended,
                hotel(
                    c -> {
                      loser.run(c);
                      throw new Refused(); // the winner has taken the last room
                    })));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    loser.awaitReached();
    wire.cut(p -> p.shard().equals("s0")); // it loses its home, and not the step's shard
    SagaEngine second = nextNode("b", hotel(Code.NOTHING));
    SagaWorld.awaitState(second, saga, SagaState.COMPLETED);

    loser.release();

    await().atMost(SOON).until(() -> ended.attempts().contains("hotel DONE"));
    assertThat(outcomes(1, saga, "hotel")).containsExactly("FORWARD DONE");
    assertThat(world.effects(1, saga)).containsExactly("hotel");
    assertThat(world.effects(2, saga)).containsExactly("car");
    assertThat(second.status(saga).orElseThrow().state()).isEqualTo(SagaState.COMPLETED);
  }

  @Test
  void effectOfTheLoserIsRolledBackWhenTheWinnerHasRefused() {
    Waiting loser = waiting.get(0);
    Wire wire = world.wire();
    Ended ended = new Ended();
    SagaEngine first = world.start(world.node(world.options("a"), ended, hotel(loser)));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    loser.awaitReached();
    wire.cut(p -> p.shard().equals("s0"));
    SagaEngine second =
        nextNode(
            "b",
            hotel(
                c -> {
                  throw new Refused();
                }));
    SagaWorld.awaitState(second, saga, SagaState.COMPENSATED);

    loser.release();

    await("the first outcome of a step is final")
        .atMost(SOON)
        .until(() -> ended.attempts().contains("hotel REFUSED"));
    assertThat(outcomes(1, saga, "hotel")).containsExactly("FORWARD REFUSED");
    assertThat(world.effects(0, saga)).containsExactly("flight", "-flight");
    assertThat(world.effects(1, saga)).isEmpty();
    assertThat(world.effects(2, saga)).isEmpty();
  }

  // ---- late action meets its fence

  /** Two steps side by side: one waits, the other refuses when it is let. */
  private SagaDefinition sideBySide(Code late, Code refusing) {
    return Trips.saga(1)
        .step("late", step(world, 1, "late", late))
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

  @Test
  void actionThatComesAfterItsFenceHasNoEffect() {
    Waiting late = waiting.get(0);
    Ended ended = new Ended();
    SagaEngine engine =
        world.start(
            world.node(
                world.options("a"), ended, sideBySide(late, context -> late.awaitReached())));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);

    late.release();

    await().atMost(SOON).until(() -> ended.attempts().contains("late FENCED"));
    await().atMost(SOON).until(() -> engine.attempts().isEmpty());
    assertThat(outcomes(1, saga, "late"))
        .as("what comes after its fence has no effect")
        .containsExactly("FORWARD FENCED");
    assertThat(world.effects(1, saga)).isEmpty();
  }

  @Test
  void actionThatWaitsForItsFenceToCommitHasNoEffect() {
    Waiting late = waiting.get(0);
    Ended ended = new Ended();
    Wire wire = world.wire();
    Wire.Hold fence =
        wire.hold(p -> p.is("s1", Moment.BEFORE, Wire.COMMIT) && p.hasWritten("late", "FENCED"));
    SagaEngine engine =
        world.start(
            world.node(
                world.options("a"), ended, sideBySide(late, context -> late.awaitReached())));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    fence.awaitReached();
    late.release();
    awaitBlockedInsert(1);

    fence.release();

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    await().atMost(SOON).until(() -> engine.attempts().isEmpty());
    assertThat(ended.attempts()).doesNotContain("late DONE");
    assertThat(outcomes(1, saga, "late")).containsExactly("FORWARD FENCED");
    assertThat(world.effects(1, saga)).isEmpty();
  }

  @Test
  void fenceThatWaitsForTheActionToCommitFindsItDoneAndItIsUndone() {
    Waiting refusing = waiting.get(0);
    Wire wire = world.wire();
    Wire.Hold action =
        wire.hold(p -> p.is("s1", Moment.BEFORE, Wire.COMMIT) && p.hasWritten("late", "DONE"));
    SagaEngine engine = world.start(world.node("a", sideBySide(Code.NOTHING, refusing)));
    UUID saga = Trips.start(world, engine, Trip.of("1"));
    action.awaitReached();
    refusing.release();
    awaitBlockedInsert(1);

    action.release();

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(outcomes(1, saga, "late")).containsExactly("FORWARD DONE", "COMPENSATION DONE");
    assertThat(world.effects(1, saga)).containsExactly("late", "-late");
  }

  // ---- owner stands still inside an open step transaction

  /** Takes a row of the application's, as steps do. */
  private void takeSeat(UUID saga) {
    assertThat(
            new JdbcTemplate(world.transactional(0))
                .update("UPDATE seat SET holder = ? WHERE number = 1", saga))
        .isEqualTo(1);
  }

  private SagaDefinition seat(Duration timeout, Code afterwards) {
    return Trips.saga(1)
        .step(
            "seat",
            s ->
                s.after()
                    .retry(Trips.QUICK)
                    .timeout(timeout)
                    .run(
                        c -> {
                          takeSeat(c.sagaId());
                          afterwards.run(c);
                          world.effect(0, c.sagaId(), "seat");
                          return null;
                        })
                    .nothingToUndo())
        .build();
  }

  @Test
  void ownerThatStandsStillInAStepLosesItsLocksAndItsEffect() {
    world.jdbc(0).execute("CREATE TABLE seat AS SELECT 1 AS number, NULL::uuid AS holder");
    Waiting still = waiting.get(0);
    Wire wire = world.wire();
    Ended ended = new Ended();
    SagaEngine first =
        world.start(world.node(world.options("a"), ended, seat(Duration.ofMinutes(1), still)));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    still.awaitReached();
    await() // its next renewal names the session
        .atMost(SOON)
        .until(
            () ->
                world
                        .jdbc(0)
                        .queryForObject(
                            "SELECT count(*) FROM evenkeel.saga_node n JOIN pg_stat_activity a ON a.pid = ANY (n.backends)"
                                + " WHERE a.state = 'idle in transaction'",
                            Long.class)
                    > 0);
    wire.freeze();

    SagaEngine second = nextNode("b", seat(Duration.ofMinutes(1), Code.NOTHING));

    SagaWorld.awaitState(second, saga, SagaState.COMPLETED);
    still.release();
    wire.thaw();
    await().atMost(SOON).until(() -> !ended.attempts().isEmpty());
    assertThat(world.effects(0, saga)).containsExactly("seat");
    await().atMost(SOON).until(() -> first.home("s0").active() == 0);
    assertThat(world.effects(0, saga)).containsExactly("seat");
  }

  @Test
  void ownerThatStandsStillInASessionThatNoRenewalHasNamedLosesItsLocks() {
    world.jdbc(0).execute("CREATE TABLE seat AS SELECT 1 AS number, NULL::uuid AS holder");
    Waiting still = waiting.get(0);
    Wire wire = world.wire();
    wire.add( // what it names is not what it uses
        p -> {
          if (p.is("s0", Moment.AFTER, "UPDATE seat")) {
            wire.freeze();
          }
        });
    SagaEngine first = world.start(world.node("a", seat(Duration.ofSeconds(3), still)));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    still.awaitReached();
    world.jdbc(0).update("UPDATE evenkeel.saga_node SET backends = '{}' WHERE name = 'a'");

    SagaEngine second = nextNode("b", seat(Duration.ofSeconds(3), Code.NOTHING));

    SagaWorld.awaitState(second, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("seat");
    still.release();
    wire.thaw();
    await().atMost(SOON).until(() -> first.home("s0").active() == 0);
    assertThat(world.effects(0, saga)).containsExactly("seat");
  }

  // ---- an old owner's write

  @Test
  void lateWriteOfAnOldOwnerChangesNothing() {
    AtomicInteger attempts = new AtomicInteger();
    Wire wire = world.wire();
    Wire.Hold turning =
        wire.hold(p -> attempts.get() == 3 && p.is("s0", Moment.BEFORE, "unnest(?::uuid[]"));
    SagaEngine first =
        world.start(
            world.node(
                "a",
                hotel(
                    c -> {
                      attempts.incrementAndGet();
                      throw new IllegalStateException("this node can't");
                    })));
    UUID saga = Trips.start(world, first, Trip.of("1"));
    turning.awaitReached(); // it has given up, and is about to write that the saga turns back
    wire.cut(p -> p.shard().equals("s0") && !Thread.currentThread().getName().contains("writer"));
    SagaEngine second = nextNode("b", hotel(Code.NOTHING));
    SagaWorld.awaitState(second, saga, SagaState.COMPLETED);

    turning.release();

    await("an owner that was replaced writes nothing, and lets go")
        .atMost(SOON)
        .until(() -> first.home("s0").active() == 0);
    assertThat(second.status(saga).orElseThrow().state())
        .as("an owner that was replaced writes nothing")
        .isEqualTo(SagaState.COMPLETED);
    assertThat(second.history(saga))
        .filteredOn(line -> line.kind() == Kind.STATE)
        .extracting(SagaHistoryEntry::detail)
        .containsExactly("COMPLETED");
    assertThat(world.effects(0, saga)).containsExactly("flight");
    assertThat(world.effects(1, saga)).containsExactly("hotel");
  }

  // ---- poison

  @Test
  void instanceThatEndsItsOwnersIsPutAsideAndMarked() {
    AtomicInteger runs = new AtomicInteger();
    SagaDefinition definition =
        Trips.saga(1).step("flight", step(world, 0, "flight", c -> runs.incrementAndGet())).build();
    SagaEngine never = world.node("a", definition); // not started, so what it stores has no owner
    UUID saga = Trips.start(world, never, Trip.of("1"));
    InstanceTable instances = new InstanceTable(SagaWorld.SCHEMA);
    world
        .jdbc(0)
        .update(
            "INSERT INTO evenkeel.saga_node (name, lease_until)"
                + " SELECT 'ghost-' || i, clock_timestamp() FROM generate_series(0, 9) i");
    onHome(
        c ->
            assertThat(instances.claimNews(c, "ghost-0", SagaWorld.definitions(c), 10)).hasSize(1));
    for (int i = 1; i < 10; i++) { // each takes it and dies without a write
      String previous = "ghost-" + (i - 1);
      String next = "ghost-" + i;
      onHome(
          c ->
              assertThat(
                      instances.claimOfDead(
                          c, next, Set.of(previous), SagaWorld.definitions(c), 10))
                  .hasSize(1));
    }
    SagaEngine engine = nextNode("b", definition);

    await().atMost(SOON).until(() -> engine.status(saga).orElseThrow().stuckReason() != null);
    SagaStatus stuck = engine.status(saga).orElseThrow();
    assertThat(stuck.state()).isEqualTo(SagaState.RUNNING);
    assertThat(stuck.owner()).isNull();
    assertThat(stuck.stuckReason()).contains("taken over");
    assertThat(runs).hasValue(0);

    world.pass(Duration.ofMinutes(6)); // it is tried again, and what was wrong may be mended

    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(engine.status(saga).orElseThrow().stuckReason()).isNull();
    assertThat(runs).hasValue(1);
  }

  private interface Work {
    void on(Connection connection) throws SQLException;
  }

  private void onHome(Work work) {
    dev.evenkeel.outbox.ProtocolTransaction.inTransaction(
        world.shard(0).pool(),
        "test",
        c -> {
          work.on(c);
          return c;
        });
  }
}
