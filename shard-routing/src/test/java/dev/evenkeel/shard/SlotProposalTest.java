package dev.evenkeel.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.SlotCatalogue.Move;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class SlotProposalTest {

  private static Map<String, Integer> after(SlotMap map, List<Move> moves) {
    Map<String, Integer> counts = new TreeMap<>(map.slotsByShard());
    for (Move move : moves) {
      counts.merge(move.from(), -1, Integer::sum);
      counts.merge(move.to(), 1, Integer::sum);
    }
    return counts;
  }

  @Test
  void aFourthShardTakesAQuarterFromAllAlike() {
    SlotMap map = SlotMaps.dealt("a", "b", "c");
    List<Move> moves = SlotProposal.moves(map, List.of("a", "b", "c", "d"));

    assertThat((double) moves.size() / SlotHash.SLOTS).isLessThanOrEqualTo(0.26);
    assertThat(after(map, moves).values()).containsOnly(SlotHash.SLOTS / 4);
    Map<String, Long> givers =
        moves.stream().collect(Collectors.groupingBy(Move::from, Collectors.counting()));
    assertThat(givers.values()).allSatisfy(given -> assertThat(given).isBetween(341L, 342L));
    assertThat(moves).extracting(Move::to).containsOnly("d");
  }

  @Test
  void aShardThatLeavesGivesEverythingToAllAlike() {
    SlotMap map = SlotMaps.dealt("a", "b", "c", "d");
    List<Move> moves = SlotProposal.moves(map, List.of("a", "b", "c"));

    assertThat(moves).hasSize(SlotHash.SLOTS / 4).extracting(Move::from).containsOnly("d");
    assertThat(after(map, moves)).containsEntry("d", 0).containsEntry("a", 1366);
  }

  @Test
  void anEvenMapStaysAsItIs() {
    assertThat(SlotProposal.moves(SlotMaps.dealt("a", "b", "c"), List.of("c", "b", "a"))).isEmpty();
  }

  @Test
  void pinnedSlotsAndThoseUnderWayStay() {
    SlotMap map =
        SlotMaps.of(
            List.of("a", "b"),
            slot ->
                slot < 100
                    ? new SlotMap.Entry(slot, "a", SlotMap.State.SETTLED, null, 1, 1, true)
                    : slot < 200
                        ? new SlotMap.Entry(slot, "a", SlotMap.State.COPYING, "b", 1, 1, false)
                        : SlotMaps.settled(slot, "a"));
    List<Move> moves = SlotProposal.moves(map, List.of("a", "b"));

    assertThat(moves).allSatisfy(move -> assertThat(move.slot()).isGreaterThanOrEqualTo(200));
    // What is under way to b counts as b's already.
    assertThat(moves).hasSize(SlotHash.SLOTS / 2 - 100);
  }

  @Provide
  Arbitrary<List<String>> shards() {
    return Arbitraries.integers()
        .between(0, 15)
        .map(n -> "shard-" + n)
        .list()
        .uniqueElements()
        .ofMinSize(1)
        .ofMaxSize(8);
  }

  /** As many slots as there are, whoever they are dealt to. */
  private static SlotMap dealt(List<String> shards, Random random, boolean withBound) {
    return SlotMaps.of(
        shards,
        slot -> {
          String shard = shards.get(random.nextInt(shards.size()));
          return withBound && random.nextInt(4) == 0
              ? new SlotMap.Entry(slot, shard, SlotMap.State.SETTLED, null, 1, 1, true)
              : SlotMaps.settled(slot, shard);
        });
  }

  @Property(tries = 30)
  void anyMapBecomesEvenWithAsFewMovesAsThatNeeds(
      @ForAll("shards") List<String> before,
      @ForAll("shards") List<String> wanted,
      @ForAll Random random) {
    SlotMap map = dealt(before, random, false);
    List<Move> moves = SlotProposal.moves(map, wanted);

    Map<String, Integer> counts = after(map, moves);
    List<Integer> shares = wanted.stream().map(shard -> counts.getOrDefault(shard, 0)).toList();
    assertThat(Collections.max(shares) - Collections.min(shares)).isLessThanOrEqualTo(1);
    assertThat(shares.stream().mapToInt(Integer::intValue).sum()).isEqualTo(SlotHash.SLOTS);
    assertThat(moves).extracting(Move::slot).doesNotHaveDuplicates();
    int needed =
        wanted.stream()
            .mapToInt(
                shard -> Math.max(0, counts.get(shard) - map.slotsByShard().getOrDefault(shard, 0)))
            .sum();
    assertThat(moves).hasSize(needed);
    List<String> reversed = new ArrayList<>(wanted);
    Collections.reverse(reversed);
    assertThat(SlotProposal.moves(map, reversed)).isEqualTo(moves);
  }

  @Property(tries = 30)
  void pinnedSlotsStayAndNothingGetsLessEven(
      @ForAll("shards") List<String> before,
      @ForAll("shards") List<String> wanted,
      @ForAll Random random) {
    SlotMap map = dealt(before, random, true);
    List<Move> moves = SlotProposal.moves(map, wanted);

    assertThat(moves).allSatisfy(move -> assertThat(map.entry(move.slot()).pinned()).isFalse());
    assertThat(moves)
        .allSatisfy(move -> assertThat(map.entry(move.slot()).shard()).isEqualTo(move.from()));
    int share = SlotHash.SLOTS / wanted.size();
    Map<String, Integer> counts = after(map, moves);
    for (Move move : moves) {
      assertThat(wanted).contains(move.to());
      assertThat(counts.get(move.to())).isLessThanOrEqualTo(share + 1);
      assertThat(counts.get(move.from()))
          .isGreaterThanOrEqualTo(wanted.contains(move.from()) ? share : 0);
    }
    Map<Integer, String> moved = moves.stream().collect(Collectors.toMap(Move::slot, Move::to));
    List<String> registered = new ArrayList<>(new TreeSet<>(before));
    wanted.stream().filter(shard -> !registered.contains(shard)).forEach(registered::add);
    SlotMap done =
        SlotMaps.of(
            registered,
            slot ->
                moved.containsKey(slot)
                    ? SlotMaps.settled(slot, moved.get(slot))
                    : map.entry(slot));
    assertThat(SlotProposal.moves(done, wanted)).as("nothing goes to and fro").isEmpty();
  }

  @Test
  void withoutShardsThereIsNothingToPropose() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SlotProposal.moves(SlotMaps.dealt("a"), List.of()));
  }
}
