package dev.evenkeel.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;

/**
 * The replication slot is gone, and the process that repairs it is killed at each point of the
 * reconciliation: the next one goes on, everything arrives, takes effect once, and it stays one
 * gap.
 */
class KilledReconciliationIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration BACKLOG = Duration.ofMinutes(1);
  private static final int IN_THE_GAP = 20;

  @Test
  void nothingIsLostWhenKilledAtAPointDrawnFromTheSeed() throws InterruptedException {
    try (Trial trial = Trial.create()) {
      Boundary[] all = Boundary.values();
      killedAt(trial, List.of(all[trial.random().nextInt(all.length)])).sound();
    }
  }

  @Test
  @Tag("grid")
  void nothingIsLostWhenKilledAtAnyPoint() throws InterruptedException {
    try (Trial trial = Trial.create()) {
      killedAt(trial, List.of(Boundary.values())).sound().counting();
    }
  }

  private static Oracle.Verdict killedAt(Trial trial, List<Boundary> boundaries)
      throws InterruptedException {
    try (Application first = trial.instance("first")) {
      first.startRelay();
      trial.write("key");
      trial.awaitReconciled();
    }
    int gaps = 0;
    for (Boundary boundary : boundaries) {
      dropSlot(trial);
      for (int n = 0; n < IN_THE_GAP; n++) {
        trial.write("key");
      }
      ChildProcess victim =
          trial.startTrapped(
              "victim-of-" + boundary, boundary, 1 + trial.random().nextInt(IN_THE_GAP));
      assertThat(victim.awaitEnd(PATIENCE.toMillis())).as("reached " + boundary).isTrue();
      assertThat(victim.exitValue()).as("at " + boundary).isEqualTo(Trap.CAUGHT);
      trial.fault("end of the reconciler at " + boundary);

      gaps++;
      try (Application repairer = trial.instance("repairer-after-" + boundary)) {
        repairer.startRelay();
        awaitRepaired(trial, boundary, gaps);
      }
    }
    assertThat(trial.reconciling()).isFalse();
    try (Application last = trial.instance("last")) {
      last.startRelay();
      return trial.judge(BACKLOG);
    }
  }

  private static void awaitRepaired(Trial trial, Boundary boundary, int gaps) {
    await()
        .alias("repaired after " + boundary)
        .atMost(PATIENCE)
        .until(
            () ->
                trial.number(
                            "SELECT count(*) FROM evenkeel.relay_gap WHERE repaired_at IS NOT NULL")
                        == gaps
                    && !trial.reconciling());
    assertThat(trial.number("SELECT count(*) FROM evenkeel.relay_gap"))
        .as("one gap, however often it was found, at " + boundary)
        .isEqualTo(gaps);
  }

  private static void dropSlot(Trial trial) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(DataAccessException.class)
        .until(
            () -> {
              trial
                  .sql()
                  .execute(
                      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                          + " WHERE database = current_database()");
              return trial.number(
                      "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()")
                  == 0;
            });
  }
}
