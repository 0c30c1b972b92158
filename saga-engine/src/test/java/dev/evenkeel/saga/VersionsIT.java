package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.Trips.Approved;
import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nodes with different versions of a saga side by side, as in a rolling deployment. */
class VersionsIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final SagaWorld world = new SagaWorld(1);

  @AfterEach
  void close() {
    world.close();
  }

  private SagaDefinition version(int version) {
    return Trips.saga(version)
        .step("flight", step(world, 0, "flight v" + version, Code.NOTHING))
        .await("approval", Approved.class, a -> a.after("flight"))
        .step("ticket", step(world, 0, "ticket v" + version, Code.NOTHING, "approval"))
        .build();
  }

  private void awaitParked(SagaEngine engine, UUID saga) {
    await()
        .atMost(SOON)
        .until(
            () ->
                !world.effects(0, saga).isEmpty()
                    && engine.status(saga).orElseThrow().owner() == null);
  }

  private SagaEngine node(String name, SagaDefinition... definitions) {
    world.wire();
    return world.start(world.node(name, definitions));
  }

  @Test
  void eachNodeTakesOnlyTheVersionsThatItHas() {
    SagaEngine old = node("old", version(1));
    SagaEngine young = node("young", version(2));
    UUID first = Trips.start(world, old, Trip.of("1"));
    UUID second = Trips.start(world, young, Trip.of("2"));
    awaitParked(old, first);
    awaitParked(old, second);
    assertThat(young.status(second).orElseThrow().version()).isEqualTo(2);

    // Whoever stores it, the node that has the version goes on.
    young.signal(first, new Approved("me"));
    old.signal(second, new Approved("me"));

    SagaWorld.awaitState(young, first, SagaState.COMPLETED);
    SagaWorld.awaitState(old, second, SagaState.COMPLETED);
    assertThat(world.effects(0, first)).containsExactly("flight v1", "ticket v1");
    assertThat(world.effects(0, second)).containsExactly("flight v2", "ticket v2");
  }

  @Test
  void nodeWithBothVersionsStartsTheNewestAndEndsTheOld() {
    SagaEngine old = node("old", version(1));
    UUID first = Trips.start(world, old, Trip.of("1"));
    awaitParked(old, first);
    old.stop();
    SagaEngine both = node("both", version(1), version(2));
    UUID second = Trips.start(world, both, Trip.of("2"));
    both.signal(first, new Approved("me"));
    both.signal(second, new Approved("me"));

    SagaWorld.awaitState(both, first, SagaState.COMPLETED);
    SagaWorld.awaitState(both, second, SagaState.COMPLETED);
    assertThat(world.effects(0, first)).containsExactly("flight v1", "ticket v1");
    assertThat(world.effects(0, second)).containsExactly("flight v2", "ticket v2");
  }

  /** Nobody has it, so it waits: for a dead node's instances too. */
  @Test
  void instanceOfAVersionThatNobodyHasWaitsForANodeThatHasIt() {
    Wire wire = world.wire();
    SagaEngine old = world.start(world.node("old", version(1)));
    Trips.Waiting waiting = new Trips.Waiting();
    wire.add(
        p -> {
          if (p.is("s0", Wire.Moment.BEFORE, Wire.COMMIT) && p.hasWritten("flight", "DONE")) {
            waiting.run(null);
          }
        });
    UUID first = Trips.start(world, old, Trip.of("1"));
    waiting.awaitReached();
    wire.kill();
    waiting.release();
    SagaEngine young = node("young", version(2));
    UUID second = Trips.start(world, young, Trip.of("2"));
    young.signal(second, new Approved("me"));
    SagaWorld.awaitState(young, second, SagaState.COMPLETED);
    await() // the dead node is known to be dead
        .atMost(SOON)
        .until(
            () ->
                world
                    .jdbc(0)
                    .queryForObject(
                        "SELECT lease_until < clock_timestamp() - interval '100 ms' FROM evenkeel.saga_node WHERE name = 'old'",
                        Boolean.class));
    assertThat(young.status(first).orElseThrow().owner()).isEqualTo("old");

    SagaEngine again = node("again", version(1));
    again.signal(first, new Approved("me"));

    SagaWorld.awaitState(young, first, SagaState.COMPLETED);
    assertThat(world.effects(0, first)).containsExactly("flight v1", "ticket v1");
  }

  /** A step's row that can't be read must not keep the node from its other instances. */
  @Test
  void instanceWhoseRowsCantBeReadIsPutAsideAloneAndMarked() {
    SagaEngine first = node("a", version(1));
    UUID bad = Trips.start(world, first, Trip.of("bad"));
    UUID good = Trips.start(world, first, Trip.of("good"));
    awaitParked(first, bad);
    awaitParked(first, good);
    first.signal(bad, new Approved("me"));
    SagaWorld.awaitState(first, bad, SagaState.COMPLETED); // only to show that it would
    UUID spoilt = Trips.start(world, first, Trip.of("spoilt"));
    awaitParked(first, spoilt);
    world
        .jdbc(0)
        .update(
            "INSERT INTO evenkeel.saga_step (saga_id, step, item, direction, outcome, result, slot, epoch, attempt)"
                + " VALUES (?, 'approval', 0, 'FORWARD', 'DONE', 'no JSON', 0, 1, 1)",
            spoilt);
    first.signal(spoilt, new Approved("me"));
    first.signal(good, new Approved("me"));

    SagaWorld.awaitState(first, good, SagaState.COMPLETED);
    await().atMost(SOON).until(() -> first.status(spoilt).orElseThrow().stuckReason() != null);
    assertThat(first.status(spoilt).orElseThrow().owner()).isNull();
    assertThatThrownBy(() -> first.signal(good, new Approved("me")))
        .isInstanceOf(SagaStateException.class);

    world
        .jdbc(0)
        .update("DELETE FROM evenkeel.saga_step WHERE saga_id = ? AND step = 'approval'", spoilt);
    world.pass(Duration.ofMinutes(10));

    SagaWorld.awaitState(first, spoilt, SagaState.COMPLETED);
    assertThat(first.status(spoilt).orElseThrow().stuckReason()).isNull();
  }
}
