package dev.evenkeel.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The outbox beside what people do without one: commit the state, then tell the others. Both get
 * the same load in the same processes and die of the same kills.
 */
class DualWriteIT {

  private static final Logger log = LoggerFactory.getLogger(DualWriteIT.class);

  private static final Duration PATIENCE = Duration.ofMinutes(4);

  /** Short, so that each kill finds some writers between their two steps. */
  private static final int PAUSE_MILLIS = 60;

  private static final int MOST_KILLS = 12;

  @Test
  void dualWriteDivergesWhereTheOutboxDoesNot() throws InterruptedException {
    compare(5_000, 3, 150);
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
      BusinessTables tables = trial.observer().tables();
      // Whether a kill hits a dual write between its two steps is luck: on until one has.
      for (int n = 0; n < kills || (n < MOST_KILLS && tables.neverTold() == 0); n++) {
        ChildProcess application = start(trial, "life-" + n);
        trial.awaitAttempts(attemptsPerLife + trial.random().nextInt(attemptsPerLife));
        trial.kill(application);
      }
      ChildProcess last = start(trial, "last-life");
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  tables.messagesCommitted(WritePath.OUTBOX) >= writes
                      && tables.messagesCommitted(WritePath.DUAL_WRITE) >= writes);
      last.quiet();

      Oracle.Verdict verdict = trial.judge(PATIENCE).sound().counting();
      log.info(
          "{} kills: {} writes through the outbox, none lost; {} dual writes, {} never told",
          kills,
          verdict.messages(),
          tables.messagesCommitted(WritePath.DUAL_WRITE),
          tables.neverTold());
      assertThat(tables.neverTold()).isPositive();
    }
  }

  private static ChildProcess start(Trial trial, String node) {
    return trial.start(node, PAUSE_MILLIS, Role.RELAY, Role.WRITER, Role.DUAL_WRITER);
  }
}
