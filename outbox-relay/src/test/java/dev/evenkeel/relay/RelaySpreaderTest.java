package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Nodes that decide each on its own, from looks that are up to a contend interval old. */
class RelaySpreaderTest {

  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Duration CONTEND = Spreading.CONTEND;

  /** A look finds the lease free, and the next one is at the end of the grace. */
  private static final Duration GRACE = CONTEND.multipliedBy(2).plus(CONTEND.multipliedBy(2));

  /** Given to a node that then did not take it. */
  private static final Duration ABSTENTION = CONTEND.multipliedBy(6).plus(CONTEND.multipliedBy(2));

  @Test
  void secondNodeGetsOneOfThreeAndThenNothingMoves() {
    Spreading run = new Spreading(new Random(1), 3);
    run.join("a", run.shardNames());
    run.run(Duration.ofSeconds(10));
    assertThat(run.leaders().values()).containsOnly("a");

    run.join("b", run.shardNames());
    run.run(Duration.ofSeconds(10));
    assertThat(run.leaders().values()).containsExactlyInAnyOrder("a", "a", "b");
    assertThat(run.terms()).isEqualTo(4);

    run.run(LONG);
    assertThat(run.terms()).isEqualTo(4);
  }

  @Test
  void survivorTakesAllWithoutAGraceWhileTheDeadNodeIsStillListed() {
    for (int seed = 0; seed < 100; seed++) {
      Spreading run = new Spreading(new Random(seed), 3);
      run.join("a", run.shardNames());
      run.join("b", run.shardNames());
      run.run(Duration.ofSeconds(30));
      assertThat(run.difference()).isEqualTo(1);

      run.kill("a");
      run.run(CONTEND.plusMillis(20));
      assertThat(run.leaders().values()).containsOnly("b");
    }
  }

  @Test
  void survivorOfManyTakesAllWithinAGraceWhileTheDeadNodesAreStillListed() {
    for (int seed = 0; seed < 50; seed++) {
      Spreading run = new Spreading(new Random(seed), 6);
      for (String node : List.of("a", "b", "c", "d")) {
        run.join(node, run.shardNames());
      }
      run.run(Duration.ofSeconds(30));
      for (String node : List.of("a", "b", "c")) {
        run.kill(node);
      }
      run.run(CONTEND.multipliedBy(3).plusMillis(20));
      assertThat(run.leaders().values()).containsOnly("d");
    }
  }

  @Test
  void randomConfigurationsEndEvenAndThenNothingMoves() {
    for (int seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      Spreading run = new Spreading(random, 1 + random.nextInt(9));
      List<String> alive = new ArrayList<>();
      String always = "node-" + seed; // so that somebody may lead at any time
      run.join(always, run.shardNames());
      for (int event = 0; event < 12; event++) {
        int draw = random.nextInt(10);
        if (draw < 5 && alive.size() < 6) {
          String node = "node-%d-%d".formatted(random.nextInt(100), event);
          // Every fourth serves too little.
          run.join(node, random.nextInt(4) == 0 ? Set.of() : run.shardNames());
          alive.add(node);
        } else if (draw < 8 && !alive.isEmpty()) {
          run.kill(alive.remove(random.nextInt(alive.size())));
        } else {
          run.down("shard-0", draw == 8);
        }
        run.run(Duration.ofMillis(random.nextInt(8_000)));
      }
      run.down("shard-0", false);
      run.run(LONG);

      assertThat(run.leaders()).as("seed %d", seed).doesNotContainValue("null");
      assertThat(run.difference()).as("seed %d: %s", seed, run.leaders()).isLessThanOrEqualTo(1);
      assertThat(run.longestFree()).as("seed %d", seed).isLessThan(ABSTENTION);
      Map<String, String> leaders = run.leaders();
      int terms = run.terms();
      run.run(LONG);
      assertThat(run.leaders()).as("seed %d", seed).isEqualTo(leaders);
      assertThat(run.terms()).as("seed %d", seed).isEqualTo(terms);
    }
  }

  @Test
  void nodeThatServesTooLittleIsGivenNothing() {
    Spreading run = new Spreading(new Random(1), 3);
    run.join("a", run.shardNames());
    run.join("old", Set.of());
    run.run(LONG);
    assertThat(run.leaders().values()).containsOnly("a");
    assertThat(run.terms()).isEqualTo(3);
    assertThat(run.longestFree()).isLessThan(GRACE);
  }

  @Test
  void nodesThatServeDifferentShardsSettle() {
    for (int seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      Spreading run = new Spreading(random, 6);
      run.join("all", run.shardNames());
      for (String node : List.of("b", "c", "d")) {
        int first = random.nextInt(6);
        run.join(node, Set.of("shard-" + first, "shard-" + (first + 1 + random.nextInt(5)) % 6));
      }
      run.run(LONG);
      int terms = run.terms();
      run.run(LONG);
      assertThat(run.terms()).as("seed %d", seed).isEqualTo(terms);
    }
  }

  /** It wishes, takes and lets go: each node gives each shard once, and then no more. */
  @Test
  void nodeWhoseTermsFailIsGivenEachShardOnce() {
    Spreading run = new Spreading(new Random(1), 4);
    run.join("a", run.shardNames());
    run.run(Duration.ofSeconds(10));
    run.joinFailing("broken");
    run.run(LONG);
    int terms = run.terms();
    run.run(LONG);
    assertThat(run.terms()).isEqualTo(terms);
    assertThat(run.leaders().values()).containsOnly("a");

    run.join("c", run.shardNames()); // another set of living nodes: it starts anew
    run.run(LONG);
    assertThat(run.difference()).isZero();
  }

  @Test
  void shardWhoseDatabaseIsDownCountsForNobody() {
    Spreading run = new Spreading(new Random(1), 3);
    run.join("a", run.shardNames());
    run.join("b", run.shardNames());
    run.run(Duration.ofSeconds(30));
    run.down("shard-0", true);
    run.run(Duration.ofSeconds(30));
    assertThat(run.leaders().values()).containsExactlyInAnyOrder("null", "a", "b");

    run.down("shard-0", false);
    run.run(CONTEND.plusMillis(20));
    assertThat(run.leaders().values()).contains("a", "b").doesNotContain("null");
  }

  @Test
  void anEmptyListTellsNothing() {
    RelaySpreader spreader = new RelaySpreader("a", CONTEND, () -> 0);
    Placement first = spreader.place("first");
    Placement second = spreader.place("second");
    spreader.living(Set.of("a", "b"));
    spreader.living(Set.of());
    assertThat(first.leaves(null)).isZero();
    assertThat(second.leaves(null)).isEqualTo(CONTEND.multipliedBy(2)); // b leads less
  }
}
