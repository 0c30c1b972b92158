package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.saga.Trips.Approved;
import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.spi.SagaObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What goes after its retention, in which order, and what stays. */
@Tag("postgres-matrix")
class DeletionIT {

  private final SagaWorld world = new SagaWorld(3);

  @AfterEach
  void close() {
    world.close();
  }

  private SagaDefinition trip() {
    return Trips.saga(1)
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step("hotel", step(world, 1, "hotel", Code.NOTHING, "flight"))
        .step("car", step(world, 2, "car", Code.NOTHING, "hotel"))
        .build();
  }

  private SagaDefinition waits() {
    return SagaBuilder.saga("waits", 1, Trip.class)
        .key("id")
        .shardKey("home")
        .await("approval", Approved.class, a -> a.after())
        .build();
  }

  private long steps(int shard, UUID saga) {
    return count(shard, "saga_step", "saga_id", saga);
  }

  private long count(int shard, String table, String column, UUID id) {
    return world
        .jdbc(shard)
        .queryForObject(
            "SELECT count(*) FROM evenkeel.%s WHERE %s = ?".formatted(table, column),
            Long.class,
            id);
  }

  private UUID ended(SagaEngine engine, String key) {
    Trip trip = Trip.of(key);
    UUID saga = world.inTransaction(engine, "s0", () -> engine.start("trip", trip)).id();
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    return saga;
  }

  @Test
  void endedSagaGoesAfterItsRetentionAndItsKeyLater() {
    SagaEngine engine = world.start(world.node("a", trip(), waits()));
    UUID saga = ended(engine, "1");
    Trip other = Trip.of("lives");
    UUID living = world.inTransaction(engine, "s0", () -> engine.start("waits", other)).id();
    SagaJanitor janitor = new SagaJanitor(engine);

    world.pass(Duration.ofDays(7).minusMinutes(5));
    janitor.sweep();
    assertThat(engine.status(saga)).isPresent();
    assertThat(steps(2, saga)).isEqualTo(1);

    world.pass(Duration.ofMinutes(10));
    janitor.sweep();
    assertThat(engine.status(saga)).isEmpty();
    for (int shard = 0; shard < 3; shard++) {
      assertThat(steps(shard, saga)).isZero();
    }
    assertThat(engine.status(living)).isPresent();
    assertThatThrownBy(() -> engine.history(saga))
        .isInstanceOf(UnknownSagaException.class)
        .hasMessageContaining(saga.toString());
    assertThat(engine.find(new SagaRef("trip", "1", "s0"))).isEmpty();

    // The tombstone keeps the start one.
    StartedSaga again = world.inTransaction(engine, "s0", () -> engine.start("trip", Trip.of("1")));
    assertThat(again).isEqualTo(new StartedSaga(saga, false, true));
    assertThat(world.effects(0, saga)).containsExactly("flight");

    world.pass(Duration.ofDays(30).plusMinutes(10));
    janitor.sweep();
    UUID fresh = ended(engine, "1");
    assertThat(fresh).isNotEqualTo(saga);
    assertThat(world.effects(0, fresh)).containsExactly("flight");
    assertThat(engine.status(living).orElseThrow().state()).isEqualTo(SagaState.RUNNING);
  }

  @Test
  void instanceStaysUntilTheStepsOfEveryShardAreGone() {
    Wire wire = world.wire();
    SagaEngine engine = world.start(world.node("a", trip()));
    UUID saga = ended(engine, "1");
    SagaJanitor janitor = new SagaJanitor(engine);
    world.pass(Duration.ofDays(8));
    Wire.Gate down = wire.cut(p -> p.shard().equals("s2"));

    janitor.sweep();
    assertThat(engine.status(saga)).isPresent();
    assertThat(steps(2, saga)).isEqualTo(1);

    wire.remove(down);
    janitor.sweep();
    assertThat(engine.status(saga)).isEmpty();
    assertThat(steps(2, saga)).isZero();
  }

  @Test
  void manyEndedSagasGoInBatchesAroundOneThatLives() {
    SagaEngine engine = world.start(world.node("a", trip(), waits()));
    List<UUID> ended = new ArrayList<>();
    world.inTransaction(
        engine,
        "s0",
        () -> {
          for (int i = 0; i < 100; i++) {
            ended.add(engine.start("trip", Trip.of("trip " + i)).id());
            if (i % 10 == 0) {
              engine.start("waits", Trip.of("waits " + i));
            }
          }
          return ended;
        });
    ended.forEach(saga -> SagaWorld.awaitState(engine, saga, SagaState.COMPLETED));
    world.pass(Duration.ofDays(8));

    new SagaJanitor(engine).sweep();

    assertThat(
            world
                .jdbc(0)
                .queryForList("SELECT DISTINCT saga FROM evenkeel.saga_instance", String.class))
        .containsExactly("waits");
    assertThat(
            world.jdbc(0).queryForObject("SELECT count(*) FROM evenkeel.saga_instance", Long.class))
        .isEqualTo(10);
  }

  @Test
  void signalForNobodyExpiresAndTheObserverIsTold() {
    List<String> expired = new CopyOnWriteArrayList<>();
    SagaObserver observer =
        new SagaObserver() {
          @Override
          public void signalExpired(String saga) {
            expired.add(saga);
          }
        };
    SagaEngine engine = world.start(world.node(world.options("a"), observer, waits()));
    SagaJanitor janitor = new SagaJanitor(engine);
    engine.signal(new SagaRef("waits", "1", "s0"), new Approved("me"));
    world.pass(Duration.ofHours(23));
    janitor.sweep();
    assertThat(expired).isEmpty();

    world.pass(Duration.ofHours(2));
    janitor.sweep();

    assertThat(expired).containsExactly("waits");
    for (String table : List.of("saga_key", "saga_event")) {
      assertThat(world.jdbc(0).queryForObject("SELECT count(*) FROM evenkeel." + table, Long.class))
          .isZero();
    }
    // Gone is gone: a start waits for a signal of its own.
    UUID saga = world.inTransaction(engine, "s0", () -> engine.start(Trip.of("1"))).id();
    engine.signal(saga, new Approved("me"));
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
  }
}
