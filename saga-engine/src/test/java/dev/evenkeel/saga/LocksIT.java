package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Refused;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.Trips.Waiting;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Locks that sagas hold from one step to another. */
class LocksIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration TTL = Duration.ofMinutes(10);

  private final SagaWorld world = new SagaWorld(2);
  private final SagaLocks locks = SagaLocks.ofCurrentStep();
  private final List<Waiting> waiting = List.of(new Waiting(), new Waiting());

  @AfterEach
  void close() {
    waiting.forEach(Waiting::release);
    world.close();
  }

  private Code take(String key, LockMode mode) {
    return c -> locks.acquire("customer", key, mode, TTL);
  }

  private Code take(String key, LockMode mode, Duration maxWait) {
    return c -> locks.acquire("customer", key, mode, TTL, maxWait);
  }

  private Code free(String key) {
    return c -> locks.release("customer", key);
  }

  /** Takes the lock on s1, does something while it has it, and lets go. */
  private SagaDefinition holder(Code meanwhile) {
    return SagaBuilder.saga("holder", 1, Trip.class)
        .key("id")
        .shardKey("home")
        .step("lock", Trips.step(world, 1, "lock", take("7", LockMode.FAIL), free("7")))
        .step("work", Trips.step(world, 0, "work", meanwhile, "lock"))
        .step("free", Trips.step(world, 1, "free", free("7"), "work"))
        .build();
  }

  /** Takes the lock on s1 and keeps it. */
  private SagaDefinition contender(Code lock) {
    return SagaBuilder.saga("contender", 1, Trip.class)
        .key("id")
        .shardKey("home")
        .step("lock", Trips.step(world, 1, "locked", lock))
        .build();
  }

  private UUID start(SagaEngine engine, String saga, String id) {
    Trip trip = Trip.of(id);
    return world.inTransaction(engine, trip.home(), () -> engine.start(saga, trip)).id();
  }

  private List<String> held(int shard) {
    return world
        .jdbc(shard)
        .queryForList(
            "SELECT name || ' ' || key || ' ' || saga_id || ' ' || array_to_string(holds, ',') FROM evenkeel.saga_lock ORDER BY name, key",
            String.class);
  }

  private long waitingFor(UUID holder) {
    return world
        .jdbc(0)
        .queryForObject(
            "SELECT count(*) FROM evenkeel.saga_instance WHERE ? = ANY (waits_for)",
            Long.class,
            holder);
  }

  private void awaitWaiter(UUID holder) {
    await().atMost(SOON).until(() -> waitingFor(holder) == 1);
  }

  // ---- FAIL and WAIT

  @Test
  void stepThatMayNotWaitSaysNo() {
    Waiting working = waiting.get(0);
    SagaEngine engine =
        world.start(world.node("a", holder(working), contender(take("7", LockMode.FAIL))));
    UUID holder = start(engine, "holder", "1");
    working.awaitReached();

    UUID second = start(engine, "contender", "2");

    await("a lock is held by one saga")
        .atMost(SOON)
        .until(() -> engine.status(second).orElseThrow().state() == SagaState.COMPENSATED);
    assertThat(engine.status(second).orElseThrow().failure())
        .isEqualTo(
            new SagaFailure(
                SagaFailure.Reason.REFUSED,
                "lock",
                "SagaLockedException",
                "Lock \"customer\" of \"7\" is held by saga " + holder));
    assertThat(held(1)).containsExactly("customer 7 %s lock/0".formatted(holder));
    working.release();
    SagaWorld.awaitState(engine, holder, SagaState.COMPLETED);
    assertThat(held(1)).isEmpty();
  }

  @Test
  void stepThatWaitsGoesOnWhenTheLockIsFreeAndCountsNoAttempt() {
    Waiting working = waiting.get(0);
    SagaEngine engine =
        world.start(
            world.node(
                "a",
                holder(working),
                contender(
                    c -> {
                      try {
                        take("7", LockMode.WAIT).run(c);
                      } catch (SagaLockedException e) {
                        // Code that catches it does not get past the lock.
                      }
                    })));
    UUID holder = start(engine, "holder", "1");
    working.awaitReached();
    UUID second = start(engine, "contender", "2");
    awaitWaiter(holder);
    assertThat(world.effects(1, second)).isEmpty();

    working.release();

    SagaWorld.awaitState(engine, second, SagaState.COMPLETED);
    assertThat(held(1)).containsExactly("customer 7 %s lock/0".formatted(second));
    assertThat(engine.history(second))
        .extracting(SagaHistoryEntry::kind)
        .startsWith(SagaHistoryEntry.Kind.LOCKED)
        .doesNotContain(SagaHistoryEntry.Kind.FAILED);
    assertThat(waitingFor(holder)).isZero();
  }

  @Test
  void waitIsBoundedAcrossOwners() {
    Waiting working = waiting.get(0);
    Code lock = take("7", LockMode.WAIT, Duration.ofMinutes(10));
    world.wire();
    SagaEngine keeper = world.start(world.node("keeper", holder(working)));
    UUID holder = start(keeper, "holder", "1");
    working.awaitReached();
    Wire wire = world.wire();
    SagaEngine first = world.start(world.node("a", contender(lock)));
    UUID second = start(first, "contender", "2");
    awaitWaiter(holder);
    wire.kill();
    world.pass(Duration.ofMinutes(6));

    world.wire();
    SagaEngine next = world.start(world.node("b", contender(lock)));

    await().atMost(SOON).until(() -> "b".equals(next.status(second).orElseThrow().owner()));
    assertThat(next.status(second).orElseThrow().state()).isEqualTo(SagaState.RUNNING);
    world.pass(Duration.ofMinutes(6)); // 12 minutes in all, of which no owner saw ten
    SagaWorld.awaitState(next, second, SagaState.COMPENSATED);
    assertThat(next.status(second).orElseThrow().failure().message())
        .contains("held by saga " + holder)
        .contains("waited for PT10M");
  }

  @Test
  void locksAreOfStepsThatCanTurnBackOnly() {
    SagaEngine engine =
        world.start(
            world.node(
                "a",
                SagaBuilder.saga("wrong", 1, Trip.class)
                    .key("id")
                    .shardKey("home")
                    .step("pay", Trips.step(world, 1, "pay", StepKind.PIVOT, Code.NOTHING))
                    .step(
                        "late",
                        Trips.step(
                            world, 1, "late", StepKind.RETRIABLE, take("7", LockMode.WAIT), "pay"))
                    .build()));
    UUID saga = start(engine, "wrong", "1");
    await().atMost(SOON).until(() -> engine.status(saga).orElseThrow().stuckReason() != null);
    assertThat(engine.status(saga).orElseThrow().stuckReason())
        .contains("\"late\" is retriable and can't take lock \"customer\"");
    assertThatThrownBy(() -> locks.release("customer", "7"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("there is none here");
  }

  // ---- whose time is over

  @Test
  void lockIsNotTakenFromASagaThatGoesOnThoughItsTimeIsOver() {
    Waiting working = waiting.get(0);
    SagaEngine engine =
        world.start(
            world.node(
                "a", holder(working), contender(take("7", LockMode.WAIT, Duration.ofDays(1)))));
    UUID holder = start(engine, "holder", "1");
    working.awaitReached();
    UUID second = start(engine, "contender", "2");
    awaitWaiter(holder);

    world.pass(TTL.plusMinutes(1));

    await()
        .during(Duration.ofMillis(1500))
        .atMost(SOON)
        .until(() -> held(1).get(0).contains(holder + " "));
    working.release();
    SagaWorld.awaitState(engine, second, SagaState.COMPLETED);
    SagaWorld.awaitState(engine, holder, SagaState.COMPLETED);
  }

  @Test
  void lockThatAnEndedSagaHasLeftIsTakenAfterItsTime() {
    SagaEngine engine = world.start(world.node("a", contender(take("7", LockMode.FAIL))));
    UUID ended = start(engine, "contender", "1");
    SagaWorld.awaitState(engine, ended, SagaState.COMPLETED);
    UUID tooEarly = start(engine, "contender", "2");
    SagaWorld.awaitState(engine, tooEarly, SagaState.COMPENSATED);

    world.pass(TTL.plusMinutes(1));

    UUID next = start(engine, "contender", "3");
    SagaWorld.awaitState(engine, next, SagaState.COMPLETED);
    assertThat(held(1)).containsExactly("customer 7 %s lock/0".formatted(next));
  }

  @Test
  void lockOfACompletedChildIsNotTakenWhileItsParentExists() {
    SagaEngine engine = world.start(world.node("a", contender(take("7", LockMode.FAIL))));
    UUID child = start(engine, "contender", "1");
    UUID parent = start(engine, "contender", "other"); // whatever became of it, it is there
    SagaWorld.awaitState(engine, child, SagaState.COMPLETED);
    SagaWorld.awaitState(engine, parent, SagaState.COMPENSATED);
    world
        .jdbc(0)
        .update(
            "UPDATE evenkeel.saga_instance SET parent_id = ?, parent_step = 's', parent_item = 0 WHERE id = ?",
            parent,
            child);
    world.pass(TTL.plusMinutes(1));

    UUID second = start(engine, "contender", "2");
    SagaWorld.awaitState(engine, second, SagaState.COMPENSATED);
    world.jdbc(0).update("DELETE FROM evenkeel.saga_instance WHERE id = ?", parent);
    UUID third = start(engine, "contender", "3");
    SagaWorld.awaitState(engine, third, SagaState.COMPLETED);
  }

  @Test
  void lockOfASagaOfAnotherInstallationIsNotTaken() {
    SagaEngine engine = world.start(world.node("a", contender(take("7", LockMode.FAIL))));
    UUID foreign = dev.evenkeel.shard.id.SlotIds.next(0);
    world
        .jdbc(1)
        .update(
            "INSERT INTO evenkeel.saga_lock VALUES ('customer', '7', 0, ?, '{x/0}', now() - interval '2 h', now() - interval '1 h')",
            foreign);

    UUID saga = start(engine, "contender", "1");

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(held(1)).containsExactly("customer 7 %s x/0".formatted(foreign));
  }

  @Test
  void lockOfADeadProcessIsReleasedByTheNextOwnerOfItsSaga() {
    Waiting working = waiting.get(0);
    Wire wire = world.wire();
    SagaEngine first = world.start(world.node("a", holder(working)));
    UUID holder = start(first, "holder", "1");
    working.awaitReached();
    wire.kill();
    working.release();

    world.wire();
    SagaEngine second =
        world.start(world.node("b", holder(Code.NOTHING), contender(take("7", LockMode.WAIT))));
    UUID next = start(second, "contender", "2");

    SagaWorld.awaitState(second, next, SagaState.COMPLETED);
    SagaWorld.awaitState(second, holder, SagaState.COMPLETED);
    assertThat(held(1)).containsExactly("customer 7 %s lock/0".formatted(next));
  }

  // ---- circles

  @Test
  void ofTwoSagasThatWaitForEachOtherTheYoungerTurnsBack() {
    CountDownLatch both = new CountDownLatch(2);
    Code meet =
        c -> {
          both.countDown();
          Wire.await(both, "The other has not come");
        };
    SagaEngine engine =
        world.start(world.node("a", opposite("there", 0, 1, meet), opposite("back", 1, 0, meet)));
    Instant begun = Instant.now();
    UUID older = start(engine, "there", "1");
    UUID younger =
        world
            .inTransaction(
                engine, "s1", () -> engine.start("back", new Trip("2", "s1", "s0", "s1", "s2")))
            .id();

    SagaWorld.awaitState(engine, older, SagaState.COMPLETED);
    SagaWorld.awaitState(engine, younger, SagaState.COMPENSATED);
    assertThat(Duration.between(begun, Instant.now())).isLessThan(Duration.ofSeconds(15));
    assertThat(engine.status(younger).orElseThrow().failure().message())
        .contains("which waits for this one");
  }

  /** Takes a lock on one shard and then one on another, and lets the first go when undone. */
  private SagaDefinition opposite(String name, int first, int second, Code between) {
    return SagaBuilder.saga(name, 1, Trip.class)
        .key("id")
        .shardKey("home")
        .step("one", Trips.step(world, first, "one", take("7", LockMode.WAIT), free("7")))
        .step("meet", Trips.step(world, first, "meet", between, "one"))
        .step("two", Trips.step(world, second, "two", take("7", LockMode.WAIT), free("7"), "meet"))
        .build();
  }

  // ---- several holds

  @Test
  void lockOfSeveralItemsIsFreeWhenTheLastIsUndone() {
    Waiting undo = waiting.get(0);
    SagaDefinition items =
        SagaBuilder.saga("items", 1, Order.class)
            .key("id")
            .shardKey("home")
            .step(
                "reserve",
                s ->
                    s.after()
                        .forEach("lines")
                        .shardKey("home")
                        .retry(Trips.QUICK)
                        .run(
                            c -> {
                              locks.acquire("customer", "7", LockMode.FAIL, TTL);
                              return null;
                            })
                        .compensation(
                            c -> {
                              if ("b".equals(c.item(String.class))) {
                                undo.run(null);
                              }
                              locks.release("customer", "7");
                            }))
            .step(
                "refuse",
                s ->
                    s.after("reserve")
                        .retry(Trips.QUICK)
                        .run(
                            c -> {
                              throw new Refused();
                            })
                        .nothingToUndo())
            .build();
    SagaEngine engine = world.start(world.node("a", items));
    UUID saga =
        world
            .inTransaction(
                engine, "s0", () -> engine.start(new Order("1", "s0", List.of("a", "b", "c"))))
            .id();
    undo.awaitReached();
    await()
        .atMost(SOON)
        .until(() -> held(0).equals(List.of("customer 7 %s reserve/1".formatted(saga))));

    undo.release();

    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(held(0)).isEmpty();
  }

  /** A command with items. */
  record Order(String id, String home, List<String> lines) {}

  @Test
  void locksGoWithTheirSaga() {
    SagaEngine engine = world.start(world.node("a", contender(take("7", LockMode.FAIL))));
    UUID saga = start(engine, "contender", "1");
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(held(1)).hasSize(1);
    world.pass(Duration.ofDays(8));

    new SagaJanitor(engine).sweep();

    assertThat(held(1)).isEmpty();
  }
}
