package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SagaEngineIT {

  /** A command. */
  record Trip(String id, String home, String fails) {}

  /** A result. */
  record Booked(String number) {}

  /** Says no. */
  static final class FullyBooked extends RuntimeException {
    FullyBooked() {
      super("No seat is left");
    }
  }

  private final SagaWorld world = new SagaWorld(3);

  @AfterEach
  void close() {
    world.close();
  }

  private SagaDefinition trip() {
    RetryPolicy retry =
        new RetryPolicy(3, Duration.ofMillis(5), Duration.ofMillis(20), List.of(FullyBooked.class));
    return SagaBuilder.saga("trip", 1, Trip.class)
        .key("id")
        .shardKey("home")
        .step(
            "flight",
            s ->
                s.after()
                    .shardKey("home")
                    .returns(Booked.class)
                    .retry(retry)
                    .run(
                        c -> {
                          world.effect(0, c.sagaId(), "flight");
                          return new Booked("F1");
                        })
                    .compensation(
                        c ->
                            world.effect(
                                0,
                                c.sagaId(),
                                "-flight " + c.result("flight", Booked.class).number())))
        .step(
            "hotel",
            s ->
                s.after("flight")
                    .shardKey("flight.number")
                    .retry(retry)
                    .run(
                        c -> {
                          if (c.command().fails().equals("hotel")) {
                            throw new FullyBooked();
                          }
                          return null;
                        })
                    .nothingToUndo())
        .build();
  }

  @Test
  void completes() {
    SagaEngine engine = world.start(world.node("a", trip()));
    StartedSaga started =
        world.inTransaction(engine, "s0", () -> engine.start(new Trip("1", "s0", "")));
    SagaWorld.awaitState(engine, started.id(), SagaState.COMPLETED);
    assertThat(world.effects(0, started.id())).containsExactly("flight");
  }

  @Test
  void refusalIsUndone() {
    SagaEngine engine = world.start(world.node("a", trip()));
    StartedSaga started =
        world.inTransaction(engine, "s0", () -> engine.start(new Trip("1", "s0", "hotel")));
    SagaWorld.awaitState(engine, started.id(), SagaState.COMPENSATED);
    assertThat(world.effects(0, started.id())).containsExactly("flight", "-flight F1");
  }

  @Test
  void anotherNodeTakesOver() {
    SagaEngine first = world.node("a", trip());
    StartedSaga started =
        world.inTransaction(first, "s0", () -> first.start(new Trip("1", "s0", "")));
    SagaEngine engine = world.start(world.node("b", trip()));
    SagaWorld.awaitState(engine, started.id(), SagaState.COMPLETED);
    assertThat(world.effects(0, started.id())).containsExactly("flight");
    assertThat(UUID.fromString(started.id().toString())).isNotNull();
  }
}
