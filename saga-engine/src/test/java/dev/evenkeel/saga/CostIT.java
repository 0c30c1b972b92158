package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What sagas cost their database. */
class CostIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final SagaWorld world = new SagaWorld(1);

  @AfterEach
  void close() {
    world.close();
  }

  private SagaDefinition threeSteps() {
    return Trips.saga(1)
        .step("flight", step(world, 0, "flight", Code.NOTHING))
        .step("hotel", step(world, 0, "hotel", Code.NOTHING, "flight"))
        .step("car", step(world, 0, "car", Code.NOTHING, "hotel"))
        .build();
  }

  /** Counts commits that wrote something, but for renewals of the lease. */
  private static final class Commits implements Wire.Gate {

    private final AtomicInteger count = new AtomicInteger();

    @Override
    public void pass(Wire.Point point) throws SQLException {
      Connection session = point.session();
      if (session == null
          || !point.is("s0", Wire.Moment.BEFORE, Wire.COMMIT)
          || point.hasSent("saga_node (name")) {
        return;
      }
      try (Statement statement = session.createStatement();
          ResultSet row =
              statement.executeQuery("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")) {
        row.next();
        if (row.getBoolean(1)) {
          count.incrementAndGet();
        }
      }
    }
  }

  private void awaitEmpty(SagaEngine engine) {
    await()
        .atMost(SOON)
        .until(
            () ->
                world.jdbc(0).queryForObject("SELECT count(*) FROM evenkeel.saga_wake", Long.class)
                        == 0
                    && engine.home("s0").active() == 0);
  }

  @Test
  void idleSagaOfThreeStepsCostsAtMostFiveCommits() {
    Commits commits = new Commits();
    world.wire().add(commits);
    SagaEngine engine = world.start(world.node("a", threeSteps()));
    List<Integer> costs = new ArrayList<>();
    for (int i = 0; i < 21; i++) {
      int before = commits.count.get();
      UUID saga = Trips.start(world, engine, Trip.of("trip " + i));
      SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
      awaitEmpty(engine);
      costs.add(commits.count.get() - before);
    }

    // The median: where a machine stands still for a moment, progress is written down meanwhile.
    assertThat(costs.stream().sorted().toList().get(10)).isLessThanOrEqualTo(5);
  }

  @Test
  void sagasUnderLoadShareTheirProgressAndStayInTheirPages() throws Exception {
    Commits commits = new Commits();
    world.wire().add(commits);
    SagaEngine engine = world.start(world.node("a", threeSteps()));
    ExecutorService callers = Executors.newFixedThreadPool(32);
    int before = commits.count.get();
    int sagas = 960;
    try {
      List<Future<UUID>> calls = new ArrayList<>();
      for (int i = 0; i < sagas; i++) {
        Trip trip = Trip.of("trip " + i);
        calls.add(callers.submit(() -> Trips.start(world, engine, trip)));
      }
      for (Future<UUID> call : calls) {
        call.get(60, TimeUnit.SECONDS);
      }
    } finally {
      callers.shutdownNow();
    }
    awaitEmpty(engine);
    double perSaga = (double) (commits.count.get() - before) / sagas;

    assertThat(perSaga).isGreaterThan(4.0).isLessThanOrEqualTo(4.2);
    assertThat(hotShare()).isGreaterThanOrEqualTo(0.95);
  }

  /** Steps that take their time are written down meanwhile, which are the updates that count. */
  @Test
  void progressWritesStayInTheirPages() {
    SagaDefinition slow =
        Trips.saga(1)
            .step("flight", step(world, 0, "flight", Code.NOTHING))
            .await("first", Trips.Approved.class, a -> a.after("flight"))
            .step("hotel", step(world, 0, "hotel", Code.NOTHING, "first"))
            .await("second", Trips.Approved.class, a -> a.after("hotel"))
            .step("car", step(world, 0, "car", Code.NOTHING, "second"))
            .build();
    SagaEngine engine = world.start(world.node("a", slow));
    List<UUID> sagas = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      sagas.add(Trips.start(world, engine, Trip.of("trip " + i)));
    }
    for (int i = 0; i < 2; i++) {
      awaitParked(engine);
      sagas.forEach(saga -> engine.signal(saga, new Trips.Approved("me")));
    }
    awaitEmpty(engine);

    assertThat(hotShare()).isGreaterThanOrEqualTo(0.95);
  }

  private void awaitParked(SagaEngine engine) {
    await()
        .atMost(SOON)
        .until(
            () ->
                engine.home("s0").active() == 0
                    && world
                            .jdbc(0)
                            .queryForObject(
                                "SELECT count(*) FROM evenkeel.saga_wake WHERE owner IS NOT NULL OR bumped > seen",
                                Long.class)
                        == 0);
  }

  /** Sessions tell what they did once they are idle for a moment, or end. */
  private double hotShare() {
    return await()
        .atMost(SOON)
        .until(
            () -> {
              world.jdbc(0).execute("SELECT pg_stat_clear_snapshot()");
              Map<String, Object> row =
                  world
                      .jdbc(0)
                      .queryForMap(
                          "SELECT n_tup_upd AS all_of_them, n_tup_hot_upd AS hot FROM pg_stat_user_tables"
                              + " WHERE relname = 'saga_instance'");
              long all = ((Number) row.get("all_of_them")).longValue();
              double share = all == 0 ? -1 : ((Number) row.get("hot")).doubleValue() / all;
              return all >= 500 ? share : -1;
            },
            share -> share >= 0);
  }
}
