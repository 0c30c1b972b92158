package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SpreadTest {

  private static final Set<String> THREE = Set.of("a", "b", "c");

  private static Spread spread(String me, Set<String> living, String... leaders) {
    Map<String, String> byShard = new HashMap<>();
    for (int n = 0; n < leaders.length; n++) {
      byShard.put("shard-" + n, leaders[n]);
    }
    return new Spread(me, living, byShard);
  }

  @Test
  void whoLeadsNoMoreThanAnyLivingNodeTakesAtOnce() {
    assertThat(spread("a", THREE).takes(null)).isTrue();
    assertThat(spread("a", THREE, "a", "b", "c").takes(null)).isTrue();
    assertThat(spread("a", THREE, "a", "b").takes(null)).isFalse();
    assertThat(spread("a", Set.of(), "a", "a").takes(null)).isTrue();
  }

  @Test
  void whoHasJustLetGoDoesNotCountAsLeadingLess() {
    assertThat(spread("a", Set.of("a", "dead"), "a", "a").takes("dead")).isTrue();
    assertThat(spread("a", THREE, "a", "b").takes("b")).isFalse(); // c leads less
    assertThat(spread("a", THREE, "a", "c").takes("a")).isFalse(); // b leads less
  }

  @Test
  void wishNeedsADifferenceOfTwo() {
    assertThat(spread("a", THREE, "b").wishes("b")).isFalse();
    assertThat(spread("a", THREE, "b", "b").wishes("b")).isTrue();
    assertThat(spread("a", THREE, "a", "b", "b").wishes("b")).isFalse();
  }

  @Test
  void onlyTheMostLoadedNodeGivesAndOfEqualsTheFirstByName() {
    assertThat(spread("b", THREE, "b", "b", "a").gives()).isTrue();
    assertThat(spread("b", THREE, "b", "b", "a", "a").gives()).isFalse();
    assertThat(spread("a", THREE, "b", "b", "a", "a").gives()).isTrue();
    assertThat(spread("a", THREE, "b", "b", "b", "a", "a").gives()).isFalse();
    assertThat(spread("a", THREE, "a", "b", "c").gives()).isFalse();
    assertThat(spread("a", Set.of("a"), "a", "a").gives()).isFalse();
  }

  /** With a true view, whatever the order of turns. */
  @Test
  void turnsInAnyOrderEndInAnEvenSpread() {
    Random random = new Random(7);
    for (int run = 0; run < 2_000; run++) {
      List<String> nodes =
          IntStream.rangeClosed(1, 1 + random.nextInt(6)).mapToObj(n -> "node-" + n).toList();
      int shards = random.nextInt(16);
      Map<String, String> leaders = new HashMap<>();
      for (int n = 0; n < shards; n++) {
        if (random.nextBoolean()) {
          leaders.put("shard-" + n, nodes.get(random.nextInt(nodes.size())));
        }
      }
      int given = 0;
      for (int turn = 0; turn < 4_000; turn++) {
        String node = nodes.get(random.nextInt(nodes.size()));
        String shard = "shard-" + random.nextInt(Math.max(1, shards));
        Spread view = new Spread(node, new TreeSet<>(nodes), leaders);
        String leader = leaders.get(shard);
        if (leader == null) {
          if (shards > 0 && view.takes(null)) {
            leaders.put(shard, node);
          }
        } else if (view.wishes(leader)
            && new Spread(leader, new TreeSet<>(nodes), leaders).gives()) {
          leaders.put(shard, node);
          given++;
        }
      }
      assertThat(given).isLessThanOrEqualTo(shards);
      assertThat(leaders).hasSize(shards);
      Map<String, Long> loads =
          nodes.stream()
              .collect(
                  Collectors.toMap(
                      n -> n, n -> leaders.values().stream().filter(n::equals).count()));
      assertThat(Spreading.difference(loads.values())).as("%s", leaders).isLessThanOrEqualTo(1);
    }
  }
}
