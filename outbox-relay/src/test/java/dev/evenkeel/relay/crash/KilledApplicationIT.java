package dev.evenkeel.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The application is killed again and again, at moments drawn from the seed, while it works. */
class KilledApplicationIT {

  private static final Duration BACKLOG = Duration.ofMinutes(2);

  /** The module's one test of up to a minute. */
  @Test
  void nothingIsLostDoubledOrOvertakenOverFiveKills() throws InterruptedException {
    survive(5);
  }

  @Test
  @Tag("slow")
  void nothingIsLostDoubledOrOvertakenOverTwentyKills() throws InterruptedException {
    survive(20);
  }

  @Test
  @Tag("slow")
  void nothingIsLostDoubledOrOvertakenWithoutATable() throws InterruptedException {
    survive(5, Role.TABLE_LESS);
  }

  @Test
  @Tag("slow")
  void nothingIsLostDoubledOrOvertakenByPolling() throws InterruptedException {
    survive(5, Role.POLLING);
  }

  private static void survive(int kills, Role... more) throws InterruptedException {
    try (Trial trial = Trial.create()) {
      for (int n = 0; n < kills; n++) {
        ChildProcess application = start(trial, "life-" + n, n > 0, more);
        // Some die while they start, most while they deliver.
        if (n == 0) {
          trial.awaitReconciled();
        } else if (trial.random().nextInt(5) == 0) {
          application.awaitEnd(trial.random().nextInt(3_000));
        } else {
          trial.awaitAttempts(1 + trial.random().nextInt(600));
        }
        trial.kill(application);
      }
      ChildProcess last = start(trial, "last-life", true, more);
      trial.awaitAttempts(100);
      last.quiet();

      Oracle.Verdict verdict = trial.judge(BACKLOG).sound().counting();
      assertThat(verdict.faults()).isEqualTo(kills);
      for (int messages : new int[] {Writers.SMALL, Writers.LARGE, Writers.HUGE}) {
        assertThat(trial.observer().tables().transactionsOf(WritePath.OUTBOX, messages))
            .as("transactions of %d messages", messages)
            .isPositive();
      }
    }
  }

  /** One transaction of 10,000 messages commits per run, whenever a process lives long enough. */
  private static ChildProcess start(Trial trial, String node, boolean huge, Role... more) {
    boolean hadHuge = trial.observer().tables().transactionsOf(WritePath.OUTBOX, Writers.HUGE) > 0;
    List<Role> roles = new ArrayList<>(List.of(Role.RELAY, Role.WRITER));
    roles.addAll(List.of(more));
    if (huge && !hadHuge) {
      roles.add(Role.HUGE_TRANSACTION);
    }
    return trial.start(node, roles.toArray(Role[]::new));
  }
}
