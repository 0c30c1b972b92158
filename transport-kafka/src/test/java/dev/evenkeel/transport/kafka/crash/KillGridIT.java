package dev.evenkeel.transport.kafka.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.transport.kafka.crash.Boundary.Side;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kills and suspends processes at every boundary between a commit and its effects by way of Kafka.
 * Whoever is left goes on; nothing is lost, doubled or overtaken.
 */
class KillGridIT {

  private static final Logger log = LoggerFactory.getLogger(KillGridIT.class);

  private static final Duration BACKLOG = Duration.ofMinutes(1);

  /** Runs only cells that are called so, such as {@code BEFORE WITNESS}. */
  private static final String ONLY = "evenkeel.test.cells";

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES) // it takes a minute on an idle machine
  void aSampleOfKillsLosesDoublesAndOvertakesNothing() throws InterruptedException {
    try (Trial trial = Trial.create()) {
      List<Cell> shuffled = shuffled(trial.random());
      List<Cell> cells = new ArrayList<>();
      cells.addAll(some(1, shuffled, cell -> isKill(cell, 1) && isRelays(cell)));
      cells.addAll(some(2, shuffled, cell -> isKill(cell, 1) && !isRelays(cell)));
      cells.addAll(some(1, shuffled, cell -> isKill(cell, 2) && isRelays(cell)));
      cells.addAll(some(1, shuffled, cell -> cell.fault() == Arm.Fault.SUSPEND));
      run(trial, cells);
    }
  }

  @Test
  @Tag("grid")
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void noKillLosesDoublesOrOvertakesAnything() throws InterruptedException {
    try (Trial trial = Trial.create()) {
      List<Cell> cells = shuffled(trial.random());
      cells.removeIf(cell -> !cell.toString().contains(System.getProperty(ONLY, "")));
      run(trial, cells);
    }
  }

  /** A grid that does not see this would prove nothing. */
  @Test
  @Tag("grid")
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void acknowledgingBeforeTheBrokerDoesLosesMessagesAndIsSeen() throws InterruptedException {
    try (Trial trial = Trial.prematurelyAcknowledging()) {
      Grid grid = new Grid(trial);
      Cell cell = new Cell(Boundary.PRODUCE, Side.BEFORE, Arm.Fault.HALT, 1);
      for (int n = 0; n < 3; n++) {
        grid.hurt(cell); // what shows elsewhere that all go on may be lost here
      }
      grid.ensureLiving(1);
      assertThat(trial.judge(Duration.ofSeconds(10)).violations())
          .containsKeys(Oracle.Violation.MISSING_IN_TOPIC, Oracle.Violation.LOST);
    }
  }

  private static List<Cell> shuffled(Random random) {
    List<Cell> cells = new ArrayList<>(Cell.all());
    Collections.shuffle(cells, random);
    return cells;
  }

  private static List<Cell> some(int count, List<Cell> from, Predicate<Cell> which) {
    return from.stream().filter(which).filter(cell -> !cell.needsChange()).limit(count).toList();
  }

  private static boolean isKill(Cell cell, int victims) {
    return cell.fault() == Arm.Fault.HALT && cell.victims() == victims;
  }

  private static boolean isRelays(Cell cell) {
    return switch (cell.boundary()) {
      case LEAD, SEND, PRODUCE, ACKNOWLEDGE, WITNESS, PARK, QUEUE, RELEASE -> true;
      default -> false;
    };
  }

  private static void run(Trial trial, List<Cell> cells) throws InterruptedException {
    Grid grid = new Grid(trial);
    for (Cell cell : cells) {
      grid.run(cell);
    }
    Oracle.Verdict verdict = trial.judge(BACKLOG).sound();
    if (cells.size() > 1) {
      verdict.counting();
    }
    log.info("{} of {} cells reached", cells.size() - grid.missed().size(), cells.size());
    assertThat(grid.missed()).as("cells that were not reached").isEmpty();
  }
}
