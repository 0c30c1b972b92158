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
import java.util.stream.Collectors;
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

  @Test
  void anyMapBecomesEvenWithAsFewMovesAsThatNeeds() {
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      List<String> before = shards(1 + random.nextInt(8), random);
      List<String> wanted = shards(1 + random.nextInt(8), random);
      SlotMap map =
          SlotMaps.of(
              before, slot -> SlotMaps.settled(slot, before.get(random.nextInt(before.size()))));
      List<Move> moves = SlotProposal.moves(map, wanted);

      Map<String, Integer> counts = after(map, moves);
      List<Integer> shares = wanted.stream().map(shard -> counts.getOrDefault(shard, 0)).toList();
      assertThat(Collections.max(shares) - Collections.min(shares))
          .as("seed %d: %s", seed, counts)
          .isLessThanOrEqualTo(1);
      assertThat(shares.stream().mapToInt(Integer::intValue).sum()).isEqualTo(SlotHash.SLOTS);
      assertThat(moves).extracting(Move::slot).doesNotHaveDuplicates();
      int needed =
          wanted.stream()
              .mapToInt(
                  shard ->
                      Math.max(0, counts.get(shard) - map.slotsByShard().getOrDefault(shard, 0)))
              .sum();
      assertThat(moves).as("seed %d", seed).hasSize(needed);
      assertThat(SlotProposal.moves(map, reversed(wanted))).isEqualTo(moves);
    }
  }

  private static List<String> shards(int count, Random random) {
    List<String> names = new ArrayList<>();
    for (int i = 0; names.size() < count; i++) {
      if (random.nextBoolean()) {
        names.add("shard-" + i);
      }
    }
    return names;
  }

  private static List<String> reversed(List<String> names) {
    List<String> reversed = new ArrayList<>(names);
    Collections.reverse(reversed);
    return reversed;
  }

  @Test
  void withoutShardsThereIsNothingToPropose() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SlotProposal.moves(SlotMaps.dealt("a"), List.of()));
  }
}
