package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.Trips.Approved;
import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitionException;
import java.sql.Connection;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.transaction.support.TransactionTemplate;

/** Definitions that change while instances live. */
class UpgradeIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final SagaWorld world = new SagaWorld(2);

  @AfterEach
  void close() {
    world.close();
  }

  private SagaDefinition trip(int version, String last) {
    return Trips.saga(version)
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .await("approval", Approved.class, a -> a.after("flight"))
        .step(last, step(world, 0, last, Code.NOTHING, "approval"))
        .build();
  }

  /** What a definition that goes on with version 1 of {@link #trip} is. */
  private SagaDefinition second() {
    return Trips.saga(2)
        .continues(1)
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .await("approval", Approved.class, a -> a.after("flight"))
        .step(
            "pass",
            step(world, 0, "pass", Code.NOTHING, "approval").andThen(s -> s.formerly("ticket")))
        .build();
  }

  private SagaEngine node(String name, SagaDefinition... definitions) {
    world.wire();
    return world.node(name, definitions);
  }

  private UUID startParked(SagaEngine engine, String id, String home) {
    UUID saga = Trips.start(world, engine, Trip.at(id, home));
    await()
        .atMost(SOON)
        .until(
            () ->
                world.effects(0, saga).contains("flight")
                    && engine.status(saga).orElseThrow().owner() == null);
    return saga;
  }

  private void end(SagaEngine engine, UUID saga) {
    engine.signal(saga, new Approved("me"));
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
  }

  private static void awaitAlone(SagaWorld world, String node) {
    await()
        .atMost(SOON)
        .until(
            () ->
                world
                        .jdbc(0)
                        .queryForObject(
                            "SELECT count(*) FROM evenkeel.saga_node WHERE name <> ? AND lease_until >= clock_timestamp()",
                            Long.class,
                            node)
                    == 0);
  }

  /** The node has renewed its lease twice, so it has looked for news in between. */
  private void awaitLooks(String node) {
    for (int i = 0; i < 2; i++) {
      OffsetDateTime before = lease(node);
      await().atMost(SOON).until(() -> lease(node).isAfter(before));
    }
  }

  private OffsetDateTime lease(String node) {
    return world
        .jdbc(0)
        .queryForObject(
            "SELECT lease_until FROM evenkeel.saga_node WHERE name = ?",
            OffsetDateTime.class,
            node);
  }

  // ---- shapes

  @Test
  void startIsRefusedWhileInstancesOfAnotherShapeLiveAndNamesThem() {
    SagaEngine old = world.start(node("old", trip(1, "ticket")));
    List<UUID> live = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      live.add(startParked(old, "trip " + i, "s0"));
    }

    SagaEngine young = node("young", trip(1, "pass"));

    assertThatThrownBy(() -> young.verify(true))
        .isInstanceOf(SagaDefinitionException.class)
        .hasMessageContaining(
            "saga \"trip\" version 1 can't go on with the live instances of shard s0: "
                + "step \"ticket\" is gone, step \"pass\" is new; it has 12: ")
        .hasMessageContaining(" and 2 more; give what has changed a version of its own")
        .satisfies(
            e ->
                assertThat(
                        live.stream()
                            .filter(
                                id ->
                                    e.getMessage()
                                        .contains(
                                            id
                                                + " \""
                                                + old.status(id).orElseThrow().key()
                                                + "\"")))
                    .hasSize(10));

    // Once it runs it does them no harm, and goes on by itself when they have ended.
    world.start(young);
    assertThatThrownBy(() -> Trips.start(world, young, Trip.of("new")))
        .isInstanceOf(SagaException.class)
        .hasMessageContaining("step \"ticket\" is gone");
    assertThat(young.findings("s0")).singleElement().asString().contains("step \"ticket\" is gone");
    assertThat(young.findings("s1")).isEmpty();
    live.forEach(id -> young.signal(id, new Approved("me")));
    live.forEach(id -> SagaWorld.awaitState(old, id, SagaState.COMPLETED));
    assertThat(world.effects(0, live.get(0))).containsExactly("flight", "ticket");
    SagaEngine next = node("next", trip(1, "pass"));
    assertThatCode(() -> next.verify(true)).doesNotThrowAnyException();
  }

  @Test
  void definitionWithoutLiveInstancesMayChangeAndThenTheOldOneStartsAndClaimsNothing() {
    SagaEngine old = world.start(node("old", trip(1, "ticket")));
    end(old, startParked(old, "ended", "s0"));
    SagaEngine young = node("young", trip(1, "pass"));
    young.verify(true);
    world.start(young);

    assertThatThrownBy(() -> Trips.start(world, old, Trip.of("late")))
        .isInstanceOf(SagaException.class)
        .hasMessageContaining("step \"pass\" is gone, step \"ticket\" is new");
    await().atMost(SOON).until(() -> !old.findings("s0").isEmpty());
    assertThat(old.findings("s0"))
        .singleElement()
        .asString()
        .startsWith("saga \"trip\" version 1 is another on shard s0 since ")
        .contains("step \"pass\" is gone, step \"ticket\" is new");
    UUID saga = startParked(young, "new", "s0");
    young.stop();
    old.signal(saga, new Approved("me"));
    awaitLooks("old");
    assertThat(old.status(saga).orElseThrow().owner()).isNull();
    assertThat(world.effects(0, saga)).containsExactly("flight");

    SagaEngine again = world.start(node("again", trip(1, "pass")));

    SagaWorld.awaitState(again, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "pass");
  }

  /** A node that has not yet seen that the shape has changed claims nothing of what is new. */
  @Test
  void claimByAShapeThatIsNoMoreTakesNothing() throws Exception {
    SagaEngine old = world.start(node("old", trip(1, "ticket")));
    end(old, startParked(old, "ended", "s0"));
    old.stop();
    InstanceTable instances = new InstanceTable(SagaWorld.SCHEMA);
    try (Connection c = world.shard(0).info().connect()) {
      InstanceTable.Runnables before = SagaWorld.definitions(c);
      SagaEngine young = node("young", trip(1, "pass"));
      young.verify(true);
      Trips.start(world, young, Trip.of("new")); // which has no owner, for the node does not run

      assertThat(instances.claimNews(c, "old", before, 10)).isEmpty();
      assertThat(instances.claimNews(c, "young", SagaWorld.definitions(c), 10)).hasSize(1);
    }
  }

  /** Whoever changes a shape waits for the start, and then sees its instance. */
  @Test
  void startUnderWayIsNotOvertakenByAChange() throws Exception {
    SagaEngine old = world.start(node("old", trip(1, "ticket")));
    SagaEngine young = node("young", trip(1, "pass"));
    CountDownLatch isBorn = new CountDownLatch(1);
    CountDownLatch commits = new CountDownLatch(1);
    CompletableFuture<UUID> starting =
        CompletableFuture.supplyAsync(
            () ->
                world.inTransaction(
                    old,
                    "s0",
                    () -> {
                      UUID id = old.start(Trip.of("under way")).id();
                      isBorn.countDown();
                      Wire.await(commits, "Nobody has let the start commit");
                      return id;
                    }));
    Wire.await(isBorn, "The start came to nothing");
    CompletableFuture<Void> change = CompletableFuture.runAsync(() -> young.verify(true));
    await()
        .atMost(SOON)
        .until(
            () ->
                world
                        .jdbc(0)
                        .queryForObject(
                            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
                            Long.class)
                    == 1);

    commits.countDown();

    UUID saga = starting.get();
    assertThat(change)
        .failsWithin(SOON)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining(saga.toString());
    end(old, saga);
    assertThat(world.effects(0, saga)).containsExactly("flight", "ticket");
  }

  /** A snapshot from before the change must not let the old shape's instance in. */
  @Test
  void startInASnapshotFromBeforeTheChangeIsRefused() {
    SagaEngine old = world.start(node("old", trip(1, "ticket")));
    var target = old.shards().target(world.slotOf("s0"), "s0");
    TransactionTemplate repeatable = new TransactionTemplate(target.transactionManager());
    repeatable.setIsolationLevel(TransactionTemplate.ISOLATION_REPEATABLE_READ);
    Trip inTime = Trip.of("in time");
    UUID saga = target.scope().call(() -> repeatable.execute(status -> old.start(inTime).id()));
    end(old, saga);

    assertThatThrownBy(
            () ->
                target
                    .scope()
                    .call(
                        () ->
                            repeatable.execute(
                                status -> {
                                  new org.springframework.jdbc.core.JdbcTemplate(
                                          target.dataSource())
                                      .queryForObject("SELECT count(*) FROM effect", Long.class);
                                  node("young", trip(1, "pass")).verify(true);
                                  return old.start(Trip.of("late"));
                                })))
        .hasStackTraceContaining("could not serialize access");
    assertThat(world.jdbc(0).queryForObject("SELECT count(*) FROM evenkeel.saga_wake", Long.class))
        .isZero();
  }

  // ---- versions

  @Test
  void versionWithLiveInstancesThatNobodyRunsRefusesTheStart() {
    SagaEngine old = world.start(node("old", trip(1, "ticket")));
    UUID saga = startParked(old, "left", "s0");
    SagaEngine young = node("young", trip(2, "pass"));

    // As long as the old node lives, it may end them.
    assertThatCode(() -> young.verify(true)).doesNotThrowAnyException();
    assertThat(young.findings("s0"))
        .singleElement()
        .asString()
        .startsWith(
            "saga \"trip\" version 1 has live instances on shard s0 and no definition in this process;"
                + " it has 1: "
                + saga
                + " \"left\"");

    old.stop();
    awaitAlone(world, "next");
    SagaEngine next = node("next", trip(2, "pass"));
    assertThatThrownBy(() -> next.verify(true))
        .isInstanceOf(SagaDefinitionException.class)
        .hasMessageContaining("saga \"trip\" version 1 has live instances on shard s0")
        .hasMessageContaining("have that continue version 1");
    assertThatCode(() -> next.verify(false)).doesNotThrowAnyException();
    SagaDefinition other =
        dev.evenkeel.saga.definition.SagaBuilder.saga("other", 1, Trip.class)
            .key("id")
            .shardKey("home")
            .step("flight", step(world, 0, "flight", Code.NOTHING))
            .build();
    // Of another application, perhaps, which is not up.
    assertThatCode(() -> node("stranger", other).verify(true)).doesNotThrowAnyException();
    assertThatCode(() -> node("both", trip(1, "ticket"), trip(2, "pass")).verify(true))
        .doesNotThrowAnyException();
    assertThatCode(() -> node("continuing", second()).verify(true)).doesNotThrowAnyException();
  }

  @Test
  void continuationThatDoesNotFitIsRefused() {
    SagaEngine old = world.start(node("old", trip(1, "ticket")));
    SagaDefinition forgetful =
        Trips.saga(2)
            .continues(1)
            .step("flight", step(world, 0, "flight", Code.NOTHING))
            .await("approval", Approved.class, a -> a.after("flight"))
            .step("pass", step(world, 0, "pass", Code.NOTHING, "approval"))
            .build();
    SagaEngine early = node("early", forgetful);
    assertThatCode(() -> early.verify(true)).doesNotThrowAnyException(); // nothing to go on with
    UUID saga = startParked(old, "1", "s0");
    SagaEngine young = node("young", forgetful);

    assertThatThrownBy(() -> young.verify(true))
        .hasMessageContaining("saga \"trip\" version 1, as version 2 continues it,")
        .hasMessageContaining("step \"ticket\" is gone, step \"pass\" is new")
        .hasMessageContaining(saga.toString());

    // And one that was there before does not take it either.
    world.start(early);
    old.signal(saga, new Approved("me"));
    SagaWorld.awaitState(old, saga, SagaState.COMPLETED);
    assertThat(world.effects(0, saga)).containsExactly("flight", "ticket");
  }

  // ---- a shard that is away

  @Test
  void shardThatIsAwayAtTheStartIsComparedWhenItComes() {
    SagaEngine old = world.start(node("old", trip(1, "ticket")));
    UUID there = startParked(old, "there", "s1");
    Wire wire = world.wire();
    SagaEngine young = world.node("young", trip(1, "pass"));
    Wire.Gate away = wire.cut(point -> point.shard().equals("s1"));

    assertThatCode(() -> young.verify(true)).doesNotThrowAnyException();
    young.start();
    await().atMost(SOON).until(() -> young.home("s0").isJoined());
    assertThat(young.home("s1").isJoined()).isFalse();
    end(young, startParked(young, "here", "s0"));
    wire.remove(away);

    await().atMost(SOON).until(() -> young.home("s1").isJoined());
    assertThat(young.findings("s1")).singleElement().asString().contains(there + " \"there\"");
    assertThatThrownBy(() -> Trips.start(world, young, Trip.at("refused", "s1")))
        .hasMessageContaining("step \"ticket\" is gone")
        .hasMessageContaining(there.toString());
    old.stop();
    young.signal(there, new Approved("me"));
    end(young, startParked(young, "here too", "s0"));
    assertThat(young.status(there).orElseThrow().owner()).isNull();
    assertThat(world.effects(0, there)).containsExactly("flight");
  }
}
