package dev.evenkeel.shard.id;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SnowflakeIdsIT {

  private static final Duration SHORT = Duration.ofSeconds(1);
  private static final int TEN_MILLION = 10_000_000;

  @Test
  void tenMillionIdsAreDistinctAndAscendWhileTheClockGoesBackFiveSeconds() throws Exception {
    IdDatabase database = IdDatabase.create();
    try (SnowflakeIds ids = database.ids("one", SHORT)) {
      AtomicInteger drawn = new AtomicInteger();
      CompletableFuture<Void> back = new CompletableFuture<>();
      ids.next();
      long before = leaseUntil(database, ids);
      long[] all =
          Threads.draw(
              () -> {
                if (drawn.incrementAndGet() == TEN_MILLION / 4) {
                  database.clockAheadBy(Duration.ofSeconds(-5));
                  back.complete(null);
                }
                return ids.next();
              },
              4,
              TEN_MILLION,
              true);

      assertThat(back).isCompleted();
      // Renewed by the clock that went back.
      await()
          .atMost(60, SECONDS)
          .untilAsserted(() -> assertThat(leaseUntil(database, ids)).isLessThan(before));
      Distinct.assertDistinct(all);
      long after = ids.next();
      assertThat(after).isGreaterThan(all[TEN_MILLION - 1]);
      assertThat(SnowflakeIds.millisOf(after)).isLessThanOrEqualTo(database.ceiling(0));
      assertThat(database.epoch(0)).as("one lease all the time").isEqualTo(1);
    }
  }

  private static long leaseUntil(IdDatabase database, SnowflakeIds ids) {
    return database.number(
        "SELECT (extract(epoch FROM lease_until) * 1000)::bigint FROM evenkeel.snowflake_node WHERE id = "
            + ids.nodeId().orElseThrow());
  }

  @Test
  void clockThatLeapsAheadAndHandsTheNodeIdOnTooEarlyRepeatsNothing() throws Exception {
    IdDatabase database = IdDatabase.withNodes(1);
    try (SnowflakeIds old = database.ids("old");
        SnowflakeIds successor = database.ids("new")) {
      old.next();
      database.clockAheadBy(Duration.ofSeconds(31));

      // Both hold node id 0 now, and the old one does not know before its next renewal.
      long[] ofNew = Threads.draw(successor::next, 2, 200_000, true);
      long[] ofOld = Threads.draw(old::next, 2, 200_000, true);

      assertThat(old.nodeId()).isEqualTo(successor.nodeId()).hasValue(0);
      Distinct.assertDistinct(
          LongStream.concat(Arrays.stream(ofOld), Arrays.stream(ofNew)).toArray());
    }
  }

  @Test
  void idSaysWhenAndWhere() {
    IdDatabase database = IdDatabase.withNodes(1_024);
    database
        .sql()
        .update("UPDATE evenkeel.snowflake_node SET ceiling = 1 WHERE id <> 711"); // lowest first
    database.clockAheadBy(Duration.ofDays(400));
    try (SnowflakeIds ids = database.ids("one")) {
      long id = ids.next();

      assertThat(id).isPositive();
      assertThat(SnowflakeIds.nodeOf(id)).isEqualTo(711);
      assertThat(ids.nodeId()).hasValue(711);
      assertThat(SnowflakeIds.instantOf(id))
          .as("the database's clock, not this process's")
          .isCloseTo(Instant.now().plus(Duration.ofDays(400)), within(5, ChronoUnit.SECONDS));
    }
  }

  @Test
  void nothingIsAskedOfTheDatabaseBeforeTheFirstId() {
    IdDatabase database = IdDatabase.create();
    try (SnowflakeIds ids = database.ids("one")) {
      assertThat(ids.nodeId()).isEmpty();
      assertThat(database.leased()).isZero();
      ids.next();
      assertThat(database.leased()).isEqualTo(1);
    }
    assertThat(database.leased()).isZero();
  }

  @Test
  void processesHoldDifferentNodeIds() {
    IdDatabase database = IdDatabase.create();
    List<SnowflakeIds> all = new ArrayList<>();
    try {
      for (int n = 0; n < 20; n++) {
        all.add(database.ids("node-" + n));
      }
      assertThat(all.parallelStream().map(ids -> SnowflakeIds.nodeOf(ids.next())))
          .doesNotHaveDuplicates();
    } finally {
      all.forEach(SnowflakeIds::close);
    }
  }

  @Test
  void closedGeneratorGivesItsNodeIdBackAndTheNextBeginsBeyondItsLastId() throws Exception {
    IdDatabase database = IdDatabase.withNodes(1);
    long[] first;
    SnowflakeIds closed = database.ids("first");
    try (closed) {
      first = Threads.draw(closed::next, 4, 100_000, true);
    }
    assertThatThrownBy(closed::next)
        .isInstanceOf(IdsUnavailableException.class)
        .hasMessageContaining("closed");
    Distinct.assertDistinct(first);
    long last = first[first.length - 1];
    assertThat(database.ceiling(0))
        .as("the time of the end, not the end of the lease, which is 30 s later")
        .isBetween(SnowflakeIds.millisOf(last), SnowflakeIds.millisOf(last) + 10_000);

    try (SnowflakeIds next = database.ids("second")) {
      assertThat(next.next()).isGreaterThan(last);
      assertThat(next.nodeId()).hasValue(0);
    }
  }

  @Test
  void nothingIsIssuedAfterClose() throws Exception {
    IdDatabase database = IdDatabase.withNodes(1);
    for (int round = 0; round < 20; round++) {
      SnowflakeIds ids = database.ids("round-" + round);
      ids.next();
      List<CompletableFuture<Long>> lasts = new ArrayList<>();
      for (int n = 0; n < 3; n++) {
        lasts.add(CompletableFuture.supplyAsync(() -> drawToTheEnd(ids)));
      }
      ids.close();
      long ceiling = database.ceiling(0);
      for (CompletableFuture<Long> last : lasts) {
        assertThat(SnowflakeIds.millisOf(last.get(60, SECONDS))).isLessThanOrEqualTo(ceiling);
      }
    }
  }

  private static long drawToTheEnd(SnowflakeIds ids) {
    long last = 0;
    try {
      while (true) {
        last = ids.next();
      }
    } catch (IdsUnavailableException e) {
      return last;
    }
  }

  @Test
  void allNodeIdsLeasedIsSaidAfterTheWaitAndEndsByItself() {
    IdDatabase database = IdDatabase.withNodes(0);
    try (SnowflakeIds ids = database.ids("one")) {
      long asked = System.nanoTime();
      assertThatThrownBy(ids::next)
          .isInstanceOf(IdsUnavailableException.class)
          .hasMessageMatching(
              "No Snowflake id for PT0\\.\\d+S: all 1024 node ids of evenkeel\\.snowflake_node are"
                  + " leased, the next until .+Z; stop processes that need none, or wait until then");
      assertThat(Duration.ofNanos(System.nanoTime() - asked))
          .isBetween(Duration.ofMillis(300), Duration.ofSeconds(5));

      database.sql().update("UPDATE evenkeel.snowflake_node SET lease_until = now() WHERE id = 5");
      await()
          .atMost(60, SECONDS)
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(SnowflakeIds.nodeOf(ids.next())).isEqualTo(5));
    }
  }

  @Test
  void nodeIdWhoseCeilingLiesAheadIsLeftAlone() {
    IdDatabase database = IdDatabase.withNodes(2);
    try (SnowflakeIds first = database.ids("first");
        SnowflakeIds second = database.ids("second")) {
      long issued = first.next();
      first.close();
      database.sql().update("UPDATE evenkeel.snowflake_node SET ceiling = 1 WHERE id = 1");
      database.clockAheadBy(Duration.ofHours(-1));
      assertThat(SnowflakeIds.nodeOf(second.next())).isEqualTo(1);

      try (SnowflakeIds third = database.ids("third")) {
        assertThatThrownBy(third::next)
            .isInstanceOf(IdsUnavailableException.class)
            .hasMessageContaining(
                "the 1 node ids of evenkeel.snowflake_node that nobody has leased")
            .hasMessageContaining("correct the clock");

        database.clockAheadBy(Duration.ZERO);
        await()
            .atMost(60, SECONDS)
            .ignoreExceptions()
            .untilAsserted(() -> assertThat(third.next()).isGreaterThan(issued));
      }
    }
  }

  @Test
  void databaseWhoseClockIsBeforeTheEpochIsRefused() {
    IdDatabase database = IdDatabase.create();
    database.clockAheadBy(Duration.ofDays(-40_000));
    try (SnowflakeIds ids = database.ids("one")) {
      assertThatThrownBy(ids::next)
          .isInstanceOf(IdsUnavailableException.class)
          .hasMessageContaining("ids reach from 2026-01-01T00:00:00Z to 2095-09-07")
          .hasMessageContaining("correct the clock");
    }
  }

  @Test
  void lostNodeIdIsReplacedAndIdsGoOnAscending() {
    IdDatabase database = IdDatabase.create();
    try (SnowflakeIds ids = database.ids("one", SHORT)) {
      long before = ids.next();
      int lost = ids.nodeId().orElseThrow();
      database
          .sql()
          .update(
              "UPDATE evenkeel.snowflake_node SET holder = 'two', epoch = epoch + 1 WHERE id = ?",
              lost);

      await().atMost(60, SECONDS).until(() -> SnowflakeIds.nodeOf(ids.next()) != lost);
      assertThat(ids.next()).isGreaterThan(before);
    }
  }

  @Test
  void idsLastAsLongAsTheLeaseWhenTheDatabaseIsAwayAndComeBackWithIt() throws Exception {
    try (PostgresServer server = PostgresServer.builder().start()) {
      IdDatabase database = IdDatabase.in(server.createDatabase("ids"));
      List<Long> issued = new ArrayList<>();
      try (SnowflakeIds ids = database.ids("one", Duration.ofSeconds(3))) {
        issued.add(ids.next());
        server.stop(PostgresServer.Mode.IMMEDIATE);
        issued.add(ids.next());
        await()
            .atMost(60, SECONDS)
            .untilAsserted(
                () ->
                    assertThatThrownBy(() -> issued.add(ids.next()))
                        .isInstanceOf(IdsUnavailableException.class)
                        .hasMessageMatching("No Snowflake id for PT.+S: the database fails .+")
                        .hasCauseInstanceOf(RuntimeException.class));
        server.start();
        await().atMost(60, SECONDS).ignoreExceptions().until(() -> issued.add(ids.next()));

        assertThat(database.epoch(0)).as("nobody took it, so it is still ours").isEqualTo(1);
        assertThat(issued).isSorted().doesNotHaveDuplicates();
      }
    }
  }
}
