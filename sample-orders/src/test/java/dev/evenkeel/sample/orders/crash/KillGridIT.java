package dev.evenkeel.sample.orders.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kills processes at the commits of orders' sagas. Whatever is left: another process goes on with
 * it in time, each order ends as if nothing had been, and everything adds up.
 */
class KillGridIT {

  private static final Logger log = LoggerFactory.getLogger(KillGridIT.class);

  /** Orders that are frozen at one time, where they do not need what all sagas of a shard need. */
  private static final int SHARING = 12;

  private static final int REPEATS = 3;

  /** Runs only cells that are called so, such as {@code BEFORE STEP/confirm}. */
  private static final String ONLY = "evenkeel.test.cells";

  /** A round with one kill, and one with two: as much as a build has time for. */
  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES) // it takes half a minute on an idle machine
  void aSampleOfOrdersEndsWellWhereverTheirProcessIsKilled() throws Exception {
    List<Cell> shuffled = new ArrayList<>(Cell.all());
    Collections.shuffle(shuffled, new Random(Seed.draw()));
    List<List<Cell>> rounds = new ArrayList<>();
    rounds.add(
        shuffled.stream().filter(c -> !c.twice() && c.sharesItsShard()).limit(SHARING).toList());
    Cell twice =
        shuffled.stream().filter(c -> c.twice() && !c.sharesItsShard()).findFirst().orElseThrow();
    rounds.add(
        rounds(shuffled.stream().filter(c -> !c.sharesItsShard() && goTogether(c, twice)).toList())
            .get(0));
    run(rounds, rounds.stream().mapToInt(List::size).sum() - 2);
  }

  @Test
  @Tag("grid")
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void everyOrderEndsWellWhereverItsProcessIsKilled() throws Exception {
    List<Cell> shuffled = new ArrayList<>(Cell.all());
    shuffled.removeIf(cell -> !cell.toString().contains(System.getProperty(ONLY, "")));
    Collections.shuffle(shuffled, new Random(Seed.draw()));
    run(rounds(shuffled), shuffled.size());
  }

  private static boolean goTogether(Cell one, Cell other) {
    return one.twice() == other.twice()
        && one.sharesItsShard() == other.sharesItsShard()
        && group(one.scenario()).equals(group(other.scenario()));
  }

  /** What is done to all orders of a round. */
  private static String group(Scenario scenario) {
    return scenario == Scenario.EXPIRED || scenario == Scenario.LEFT ? scenario.name() : "";
  }

  private static int mostWith(Cell cell) {
    if (cell.scenario() == Scenario.LEFT) {
      return 1; // a process leaves one shard after the other
    }
    return cell.sharesItsShard() ? SHARING : Shards.NAMES.size();
  }

  private static List<List<Cell>> rounds(List<Cell> cells) {
    List<List<Cell>> rounds = new ArrayList<>();
    for (Cell cell : cells) {
      int most = mostWith(cell);
      rounds.stream()
          .filter(round -> round.size() < most && goTogether(round.get(0), cell))
          .findFirst()
          .orElseGet(
              () -> {
                List<Cell> round = new ArrayList<>();
                rounds.add(round);
                return round;
              })
          .add(cell);
    }
    return rounds;
  }

  /**
   * Runs rounds, and what was missed again.
   *
   * @param enough cells that have to be hit
   */
  private static void run(List<List<Cell>> rounds, int enough) throws Exception {
    int cells = rounds.stream().mapToInt(List::size).sum();
    int takenOver = 0;
    List<Duration> takeovers = new ArrayList<>();
    Duration longest = Duration.ZERO;
    long customer = 100_000;
    List<List<Cell>> next = rounds;
    List<Cell> missed = List.of();
    try (Cluster cluster = Cluster.start()) {
      for (int repeat = 0; repeat < REPEATS && !next.isEmpty(); repeat++) {
        missed = new ArrayList<>();
        for (List<Cell> each : next) {
          Round round = new Round(cluster, each, customer);
          Round.Result result = round.run();
          customer = round.lastCustomer();
          missed.addAll(result.missed());
          takenOver += result.takenOver();
          takeovers.addAll(result.takeovers());
          longest = longest.compareTo(result.ended()) < 0 ? result.ended() : longest;
        }
        next = cells - missed.size() >= enough ? List.of() : rounds(missed);
      }
    }
    log.info(
        "{} of {} cells hit, {} sagas taken over, first step after {} to {}, all ended within {}",
        cells - missed.size(),
        cells,
        takenOver,
        takeovers.stream().min(Duration::compareTo).orElse(Duration.ZERO),
        takeovers.stream().max(Duration::compareTo).orElse(Duration.ZERO),
        longest);
    assertThat(cells - missed.size()).as("missed %s", missed).isGreaterThanOrEqualTo(enough);
    assertThat(takenOver).as("nothing was taken over").isPositive();
  }
}
