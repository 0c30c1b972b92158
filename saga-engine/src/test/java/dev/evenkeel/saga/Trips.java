package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.StepBuilder;
import dev.evenkeel.saga.definition.StepContext;
import dev.evenkeel.saga.spi.SagaObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/** Sagas for tests: each step leaves its name as an effect on its shard, undone with a minus. */
final class Trips {

  private Trips() {}

  /** A command whose last three say where steps run. */
  record Trip(String id, String home, String s0, String s1, String s2) {

    static Trip of(String id) {
      return new Trip(id, "s0", "s0", "s1", "s2");
    }

    /** Whether it has to be approved; no trip is. */
    public boolean isVip() {
      return false;
    }

    static Trip at(String id, String home) {
      return new Trip(id, home, "s0", "s1", "s2");
    }
  }

  /** What is awaited. */
  record Approved(String by) {}

  /** Says no. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refused() {
      super("No seat is left");
    }
  }

  static final RetryPolicy QUICK =
      new RetryPolicy(3, Duration.ofMillis(5), Duration.ofMillis(20), List.of(Refused.class));
  static final RetryPolicy RETRIED =
      new RetryPolicy(3, Duration.ofMillis(5), Duration.ofMillis(20), List.of());

  /** What a step does before its effect. */
  interface Code {

    Code NOTHING = context -> {};

    void run(StepContext<Trip> context) throws Exception;
  }

  static SagaBuilder<Trip> saga(int version) {
    return SagaBuilder.saga("trip", version, Trip.class).key("id").shardKey("home");
  }

  /** A compensatable step. */
  static Consumer<StepBuilder<Trip>> step(
      SagaWorld world, int shard, String name, Code code, String... after) {
    return step(world, shard, name, code, Code.NOTHING, after);
  }

  static Consumer<StepBuilder<Trip>> step(
      SagaWorld world, int shard, String name, Code code, Code undo, String... after) {
    return s ->
        s.after(after)
            .shardKey("s" + shard)
            .retry(QUICK)
            .run(
                context -> {
                  code.run(context);
                  world.effect(shard, context.sagaId(), name);
                  return null;
                })
            .compensation(
                context -> {
                  undo.run(context);
                  world.effect(shard, context.sagaId(), "-" + name);
                });
  }

  /** A pivot or a retriable step. */
  static Consumer<StepBuilder<Trip>> step(
      SagaWorld world, int shard, String name, StepKind kind, Code code, String... after) {
    return s ->
        s.after(after)
            .shardKey("s" + shard)
            .kind(kind)
            .retry(kind == StepKind.PIVOT ? QUICK : RETRIED)
            .run(
                context -> {
                  code.run(context);
                  world.effect(shard, context.sagaId(), name);
                  return null;
                });
  }

  /** Code that waits in the middle of its transaction until it is let go. */
  static final class Waiting implements Code {

    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    @Override
    public void run(StepContext<Trip> context) {
      reached.countDown();
      Wire.await(released, "Nobody has let go of the step");
    }

    void awaitReached() {
      Wire.await(reached, "Nobody came to the step");
    }

    boolean isReached() {
      return reached.getCount() == 0;
    }

    void release() {
      released.countDown();
    }
  }

  /** Counts the attempts that have ended, by step and outcome. */
  static final class Ended implements SagaObserver {

    private final List<String> attempts = new CopyOnWriteArrayList<>();

    @Override
    public Attempt attempt(
        String saga,
        UUID sagaId,
        String step,
        boolean compensation,
        int attempt,
        Map<String, String> headers) {
      return outcome -> attempts.add((compensation ? "-" : "") + step + " " + outcome);
    }

    List<String> attempts() {
      return List.copyOf(attempts);
    }
  }

  static UUID start(SagaWorld world, SagaEngine engine, Trip trip) {
    return world.inTransaction(engine, trip.home(), () -> engine.start(trip)).id();
  }
}
