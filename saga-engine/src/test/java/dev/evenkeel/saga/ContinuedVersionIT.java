package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.Trips.Approved;
import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Refused;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.Wire.Moment;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Version 2 goes on with version 1's instances under version 1's names: wherever an instance
 * stands, whichever node stops, each step takes effect once and has one row.
 */
class ContinuedVersionIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final List<String> FIRST_NAMES = List.of("book", "approval", "charge", "ticket");

  private final SagaWorld world = new SagaWorld(1);
  private volatile boolean refuses;

  @AfterEach
  void close() {
    world.close();
  }

  private Code refusing() {
    return context -> {
      if (refuses) {
        throw new Refused();
      }
    };
  }

  private SagaDefinition first() {
    return Trips.saga(1)
        .step("book", step(world, 0, "1", Code.NOTHING))
        .await("approval", Approved.class, a -> a.after("book"))
        .step("charge", step(world, 0, "3", refusing(), "approval"))
        .step("ticket", step(world, 0, "4", StepKind.PIVOT, Code.NOTHING, "charge"))
        .build();
  }

  /** Two steps have other names, two have the names of others, and one is new. */
  private SagaDefinition second() {
    return Trips.saga(2)
        .continues(1)
        .step("ticket", step(world, 0, "1", Code.NOTHING).andThen(s -> s.formerly("book")))
        .step("insure", step(world, 0, "new", Code.NOTHING, "ticket").andThen(s -> s.since(2)))
        .await("consent", Approved.class, a -> a.after("insure").formerly("approval"))
        .step("charge", step(world, 0, "3", refusing(), "consent"))
        .step(
            "pass",
            step(world, 0, "4", StepKind.PIVOT, Code.NOTHING, "charge")
                .andThen(s -> s.formerly("ticket")))
        .build();
  }

  private SagaEngine node(String name, SagaDefinition definition) {
    world.wire();
    return world.start(world.node(name, definition));
  }

  private void awaitParked(SagaEngine engine, UUID saga, String effect) {
    await()
        .atMost(SOON)
        .until(
            () ->
                world.effects(0, saga).contains(effect)
                    && engine.status(saga).orElseThrow().owner() == null);
  }

  private void assertEndsOnce(SagaEngine engine, UUID saga) {
    SagaWorld.awaitState(engine, saga, refuses ? SagaState.COMPENSATED : SagaState.COMPLETED);
    assertThat(world.effects(0, saga))
        .containsExactlyElementsOf(refuses ? List.of("1", "-1") : List.of("1", "3", "4"));
    assertThat(
            world
                .jdbc(0)
                .queryForList(
                    "SELECT DISTINCT step FROM evenkeel.saga_step WHERE saga_id = ?",
                    String.class,
                    saga))
        .isSubsetOf(FIRST_NAMES);
    assertThat(engine.status(saga).orElseThrow().version()).isEqualTo(1);
    assertThat(engine.history(saga).stream().map(SagaHistoryEntry::step).filter(s -> s != null))
        .isSubsetOf(FIRST_NAMES);
  }

  static Stream<Arguments> kills() {
    return Stream.of(1, 2)
        .flatMap(
            dies ->
                Stream.of(
                        "book DONE",
                        "charge DONE",
                        "ticket DONE",
                        "charge REFUSED",
                        "book COMPENSATION")
                    .flatMap(
                        write ->
                            Stream.of(Moment.values())
                                .map(moment -> Arguments.of(dies, moment, write))));
  }

  @ParameterizedTest(name = "the node of version {0} dies {1} the commit of {2}")
  @MethodSource("kills")
  void otherVersionsNodeGoesOnWhereOneDied(int dies, Moment moment, String write) {
    String[] row = write.split(" ");
    refuses = row[1].equals("REFUSED") || row[1].equals("COMPENSATION");
    SagaEngine starter = world.node("starter", first()); // never started: what it stores is free
    Wire wire = world.wire();
    Wire.Hold there =
        wire.hold(p -> p.is("s0", moment, Wire.COMMIT) && p.hasWritten(row[0], row[1]));
    UUID saga = Trips.start(world, starter, Trip.of("1"));
    starter.signal(saga, new Approved("me"));
    world.start(world.node("dies", dies == 1 ? first() : second()));
    there.awaitReached();
    wire.kill();
    there.release();

    SagaEngine other = node("other", dies == 1 ? second() : first());

    assertEndsOnce(other, saga);
  }

  @Test
  void instanceThatWaitsIsAwakenedByEither() {
    SagaEngine old = node("old", first());
    SagaEngine young = node("young", second());
    List<UUID> waiting = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      waiting.add(Trips.start(world, old, Trip.of("waits " + i)));
    }
    waiting.forEach(saga -> awaitParked(old, saga, "1"));
    UUID ofTheSecond = Trips.start(world, young, Trip.of("second"));
    awaitParked(young, ofTheSecond, "new");
    for (int i = 0; i < 10; i++) {
      (i % 2 == 0 ? old : young).signal(waiting.get(i), new Approved("me"));
    }
    for (int i = 0; i < 10; i++) {
      assertEndsOnce(young, waiting.get(i));
    }

    old.stop(); // and is gone for good

    for (int i = 10; i < 20; i++) {
      young.signal(waiting.get(i), new Approved("me"));
      assertEndsOnce(young, waiting.get(i));
    }
    young.signal(ofTheSecond, new Approved("me"));
    SagaWorld.awaitState(young, ofTheSecond, SagaState.COMPLETED);
    assertThat(world.effects(0, ofTheSecond)).containsExactly("1", "new", "3", "4");
  }
}
