package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.Trips.Approved;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sagas that wait cost what sagas cost that are not there. */
class WaitingIT {

  private static final Duration LONG = Duration.ofSeconds(60);
  private static final int SAGAS = 10_000;

  private final SagaWorld full = new SagaWorld(1);
  private final InstanceTable instances = new InstanceTable(SagaWorld.SCHEMA);

  @AfterEach
  void close() {
    full.close();
  }

  private static SagaDefinition waits() {
    return Trips.saga(1)
        .await("approval", Approved.class, a -> a.after().timeout(Duration.ofDays(1)))
        .build();
  }

  /** What one node does on its wire. */
  private static final class Rounds implements Wire.Gate {

    private final AtomicInteger statements = new AtomicInteger();
    private final AtomicInteger rounds = new AtomicInteger();

    @Override
    public void pass(Wire.Point point) {
      if (point.moment() == Wire.Moment.AFTER) {
        if (point.statement().equals(Wire.COMMIT)) {
          rounds.incrementAndGet();
        } else {
          statements.incrementAndGet();
        }
      }
    }

    /**
     * Statements of one look at the shard, of which there are so many in a second as are polled.
     */
    double statementsPerLook() {
      int first = rounds.get();
      int before = statements.get();
      await().atMost(LONG).until(() -> rounds.get() >= first + 100);
      return (double) (statements.get() - before) / (rounds.get() - first);
    }
  }

  @Test
  void tenThousandThatWaitCostNothing() {
    Rounds rounds = new Rounds();
    full.wire().add(rounds);
    SagaEngine engine = full.start(full.node("a", waits()));
    List<UUID> warm = start(engine, "warm", 200);
    awaitParked(engine);
    int threads = ManagementFactory.getThreadMXBean().getThreadCount();
    long heap = heap();
    double statements = rounds.statementsPerLook();

    List<UUID> sagas = start(engine, "trip", SAGAS);
    awaitParked(engine);

    assertThat(count("saga_wake")).isEqualTo(SAGAS + warm.size());
    assertThat(count("saga_timer")).isEqualTo(SAGAS + warm.size());
    assertThat(rounds.statementsPerLook()).isLessThanOrEqualTo(1.1 * statements);
    await()
        .atMost(LONG)
        .until(() -> ManagementFactory.getThreadMXBean().getThreadCount() <= 1.1 * threads);
    sagas.clear();
    assertThat(heap()).isLessThanOrEqualTo((long) (1.1 * heap));
    engine.stop();
    full.jdbc(0).execute("VACUUM evenkeel.saga_wake, evenkeel.saga_timer"); // as autovacuum would
    assertFewBlocks();
    full.jdbc(0).execute("ANALYZE evenkeel.saga_wake");
    assertFewBlocks(); // with statistics of one table and not of the other a planner errs most
    full.jdbc(0).execute("ANALYZE evenkeel.saga_instance, evenkeel.saga_timer");
    assertFewBlocks();
  }

  /**
   * A look descends some dozen indexes at most, of three pages each: far from all rows. What other
   * sessions did before is counted when they come to tell it, so it is asked again.
   */
  private void assertFewBlocks() {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(blocksPerLook()).isLessThanOrEqualTo(100));
  }

  private List<UUID> start(SagaEngine engine, String prefix, int count) {
    List<UUID> started = new ArrayList<>();
    for (int done = 0; done < count; done += 100) {
      int from = done;
      full.inTransaction(
          engine,
          "s0",
          () -> {
            for (int i = from; i < from + 100; i++) {
              started.add(engine.start(Trip.of(prefix + i)).id());
            }
            return from;
          });
    }
    return started;
  }

  private void awaitParked(SagaEngine engine) {
    await()
        .atMost(LONG)
        .until(
            () ->
                engine.home("s0").active() == 0
                    && full.jdbc(0)
                            .queryForObject(
                                "SELECT count(*) FROM evenkeel.saga_wake WHERE owner IS NOT NULL",
                                Long.class)
                        == 0);
  }

  private long count(String table) {
    return full.jdbc(0).queryForObject("SELECT count(*) FROM evenkeel." + table, Long.class);
  }

  private static long heap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Blocks that a look at a shard touches. */
  private double blocksPerLook() {
    int looks = 100;
    try (Connection c = full.shard(0).info().connect()) {
      try (Statement statement = c.createStatement()) {
        statement.execute("SET enable_seqscan = off"); // as the engine's own looks do
      }
      InstanceTable.Runnables definitions = SagaWorld.definitions(c);
      long before = blocks(c);
      for (int i = 0; i < looks; i++) {
        instances.fireTimers(c, 200, Duration.ZERO);
        instances.takeNews(c, "nobody", 200);
        instances.claimNews(c, "nobody", definitions, 200);
      }
      return (double) (blocks(c) - before) / looks;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** By this session and those that have told it so far: the node is stopped. */
  private static long blocks(Connection c) throws SQLException {
    try (Statement statement = c.createStatement()) {
      statement.execute("SELECT pg_stat_force_next_flush()");
      statement.execute("SELECT pg_stat_clear_snapshot()");
      try (ResultSet row =
          statement.executeQuery(
              "SELECT sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0))"
                  + " FROM pg_statio_user_tables WHERE schemaname = 'evenkeel'")) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
