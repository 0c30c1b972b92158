package dev.evenkeel.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The outbox beside what people do without one: commit the state, then tell the others. Both get the
 * same load in the same processes and die of the same kills.
 */
class DualWriteIT {

  private static final Logger log = LoggerFactory.getLogger(DualWriteIT.class);

  @Test
  void dualWriteDivergesWhereTheOutboxDoesNot() throws InterruptedException {
    compare(4_000, 3, 400);
  }

  @Test
  @Tag("slow")
  void dualWriteDivergesOverAHundredThousandWritesWhereTheOutboxDoesNot()
      throws InterruptedException {
    compare(100_000, 10, 4_000);
  }

  private static void compare(long writes, int kills, int attemptsPerLife)
      throws InterruptedException {
    try (Trial trial = Trial.create()) {
      for (int n = 0; n < kills; n++) {
        ChildProcess application = start(trial, "life-" + n, writes);
        trial.awaitAttempts(attemptsPerLife / 2 + trial.random().nextInt(attemptsPerLife));
        trial.kill(application);
      }
      ChildProcess last = start(trial, "last-life", writes);
      await()
          .atMost(Duration.ofMinutes(3))
          .pollInterval(Duration.ofMillis(200))
          .until(() -> missingWrites(trial, writes) <= 0);
      last.quiet();

      trial.judge(Duration.ofMinutes(3)).sound().counting();
      long diverged = diverged(trial);
      log.info("Over {} writes and {} kills the dual write diverged {} times", writes, kills, diverged);
      assertThat(diverged).as("versions that were committed and never told").isPositive();
    }
  }

  private static ChildProcess start(Trial trial, String node, long writes) {
    return trial.start(
        node,
        Math.max(1, missingWrites(trial, writes)),
        Role.RELAY,
        Role.WRITER,
        Role.DUAL_WRITER);
  }

  private static long missingWrites(Trial trial, long writes) {
    BusinessTables tables = trial.observer().tables();
    return writes
        - Math.min(
            tables.messagesCommitted(WritePath.OUTBOX),
            tables.messagesCommitted(WritePath.DUAL_WRITE));
  }

  /** Committed versions that the list lacks. */
  private static long diverged(Trial trial) {
    Map<String, Set<Long>> told = new HashMap<>();
    try (JournalReader list = new JournalReader(trial.list())) {
      for (List<Journal.Line> lines = list.next(); !lines.isEmpty(); lines = list.next()) {
        for (Journal.Line line : lines) {
          told.computeIfAbsent(line.key(), key -> new HashSet<>()).add(line.version());
        }
      }
    }
    long missing = 0;
    for (Map.Entry<String, Long> state :
        trial.observer().tables().committed(WritePath.DUAL_WRITE).entrySet()) {
      missing += state.getValue() - told.getOrDefault(state.getKey(), Set.of()).size();
    }
    return missing;
  }
}
