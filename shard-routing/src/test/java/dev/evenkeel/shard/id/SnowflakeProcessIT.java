package dev.evenkeel.shard.id;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One node id, and processes that come by it one after the other. */
class SnowflakeProcessIT {

  private static final Logger log = LoggerFactory.getLogger(SnowflakeProcessIT.class);
  private static final Duration LEASE = Duration.ofSeconds(1);

  @TempDir private Path folder;
  private final IdDatabase database = IdDatabase.withNodes(1);
  private final List<IdFile> files = new ArrayList<>();

  @Test
  void processThatWasStoppedPastItsLeaseRepeatsNothing() throws Exception {
    try (IdProcess sleeper = start("sleeper")) {
      for (int round = 0; round < 2; round++) {
        awaitIds(sleeper, 1_000);
        sleeper.suspend();
        try (IdProcess successor = start("successor-" + round)) {
          awaitIds(successor, 1_000);
          long refusals = sleeper.file().refusals();
          sleeper.wake();
          awaitThat(() -> sleeper.file().refusals() > refusals); // nothing free: it says so
          successor.end();
        }
      }
      awaitIds(sleeper, 1_000); // and recovers
      sleeper.end();
    }
    assertDistinct();
    assertThat(database.epoch(0)).as("sleeper, two successors, sleeper again").isEqualTo(5);
  }

  @Test
  void processesKilledOneAfterTheOtherRepeatNothing() throws Exception {
    long seed = Long.getLong("evenkeel.test.seed", ThreadLocalRandom.current().nextInt(1_000_000));
    log.info("Replay with -Devenkeel.test.seed={}", seed);
    Random random = new Random(seed);
    for (int n = 0; n < 4; n++) {
      try (IdProcess process = start("process-" + n)) {
        awaitIds(process, 1 + random.nextInt(100_000));
        process.kill();
      }
      // What was leased by the old clock is leased longer by the new one.
      database.clockAheadBy(Duration.ofMillis(-random.nextInt(700)));
    }
    assertDistinct();
    assertThat(database.epoch(0)).isEqualTo(4);
  }

  @Test
  void processesThatEndProperlyFollowAtOnce() throws Exception {
    for (int n = 0; n < 3; n++) {
      try (IdProcess process = start("process-" + n, Duration.ofMinutes(10))) {
        awaitIds(process, 1_000);
        process.end();
      }
    }
    assertDistinct();
  }

  private IdProcess start(String node) throws Exception {
    return start(node, LEASE);
  }

  private IdProcess start(String node, Duration lease) throws Exception {
    IdProcess process = IdProcess.start(database, node, lease, folder);
    files.add(process.file());
    return process;
  }

  private static void awaitIds(IdProcess process, int more) {
    int before = process.file().count();
    awaitThat(() -> process.file().count() >= before + more);
  }

  private static void awaitThat(Callable<Boolean> condition) {
    await().pollInterval(Duration.ofMillis(5)).atMost(60, SECONDS).until(condition);
  }

  private void assertDistinct() {
    long[] all = files.stream().map(IdFile::ids).flatMapToLong(Arrays::stream).toArray();
    assertThat(LongStream.of(all).mapToInt(SnowflakeIds::nodeOf).distinct().toArray())
        .as("the same node id all the time")
        .containsExactly(0);
    Distinct.assertDistinct(all);
  }
}
