package dev.evenkeel.transport.kafka.crash;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.awaitility.core.ConditionTimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Goes through cells, one after the other, in one run. */
final class Grid {

  private static final Logger log = LoggerFactory.getLogger(Grid.class);

  private static final Duration REACHED = Duration.ofSeconds(60);
  private static final Duration RECOVERED = Duration.ofSeconds(60);
  private static final int REFUSED = 5;

  private final Trial trial;
  private final List<Cell> missed = new ArrayList<>();
  private int number;

  Grid(Trial trial) {
    this.trial = trial;
  }

  /** Those that no process reached in time. */
  List<Cell> missed() {
    return missed;
  }

  /** Hurts whoever reaches it, and waits until the others go on with everything. */
  void run(Cell cell) throws InterruptedException {
    long began = System.nanoTime();
    List<ChildProcess> all = hurt(cell);
    long hurt = System.nanoTime();
    awaitRecovered("probe-" + number);
    if (cell.fault() == Arm.Fault.SUSPEND) {
      for (ChildProcess child : all) {
        if (child.isAlive()) {
          child.wake();
        }
      }
      awaitRecovered("wake-probe-" + number);
    }
    log.info(
        "Cell {}: {}, all went on {} ms after, {} ms in all",
        number,
        cell,
        millisSince(hurt),
        millisSince(began));
  }

  /** Hurts whoever reaches it; returns all processes that there were. */
  List<ChildProcess> hurt(Cell cell) throws InterruptedException {
    number++;
    ensureLiving(cell.processes());
    List<ChildProcess> all = trial.living();
    if (cell.needsRefusals()) {
      trial.takesLarge(false);
      if (cell.boundary() == Boundary.RELEASE) {
        awaitRefused();
      }
    }
    Arm arm = cell.arm(number, trial.random());
    all.forEach(child -> child.arm(arm));
    if (cell.boundary() == Boundary.RELEASE) {
      trial.takesLarge(true);
    }
    if (cell.needsChange()) {
      trial.kill(await().atMost(RECOVERED).until(trial::leader, leader -> leader != null));
    }
    if (!reached(cell, all)) {
      log.warn("Cell {} was not reached", cell);
      missed.add(cell);
    }
    trial.living().forEach(ChildProcess::disarm);
    trial.takesLarge(true);
    return all;
  }

  private static long millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000;
  }

  /** Starts what is missing. */
  void ensureLiving(int processes) {
    List<ChildProcess> fresh = new ArrayList<>();
    for (int n = trial.living().size(); n < processes; n++) {
      fresh.add(trial.start(true));
    }
    if (!fresh.isEmpty()) {
      trial.awaitStarted(fresh);
    }
  }

  private void awaitRefused() {
    await()
        .atMost(REACHED)
        .until(
            () ->
                trial.number(
                        "SELECT count(*) FROM evenkeel.parked_message"
                            + " WHERE consumer = 'transport:kafka' AND state = 'DEAD'")
                    >= REFUSED);
  }

  /** Who is killed lingers for a while; it counts as reached when the process is gone. */
  private boolean reached(Cell cell, List<ChildProcess> all) {
    Set<String> victims = new HashSet<>();
    try {
      trial.awaitLine(
          REACHED,
          line -> {
            if (line.kind() == Journal.Kind.FAULT && line.key().equals(cell.boundary().name())) {
              victims.add(line.node());
            }
            return victims.size() == cell.victims();
          });
    } catch (ConditionTimeoutException e) {
      return false;
    }
    if (cell.fault() == Arm.Fault.HALT) {
      await()
          .atMost(REACHED)
          .until(
              () ->
                  all.stream()
                      .filter(child -> victims.contains(child.node()))
                      .noneMatch(ChildProcess::isAlive));
    }
    return true;
  }

  /** Relay and group have gone on when something that was written now is handled. */
  private void awaitRecovered(String key) {
    if (trial.living().isEmpty()) {
      ensureLiving(1);
    }
    trial.write(key);
    trial.awaitLine(
        RECOVERED, line -> line.kind() == Journal.Kind.ATTEMPT && line.key().equals(key));
  }
}
