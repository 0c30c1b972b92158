package dev.evenkeel.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

class SlotMapTest {

  private static final int KEYS = 1_000_000;

  private final SlotMap map = SlotMaps.dealt("a", "b", "c");
  private final ShardRouter router = new ShardRouter(() -> map, Map.of());

  private double maxOverMean(IntFunction<String> key) {
    Map<String, Integer> counts = new HashMap<>();
    for (int i = 0; i < KEYS; i++) {
      int slot = router.slotOf(SlotStrategy.HASH, key.apply(i));
      counts.merge(router.shardOf(slot), 1, Integer::sum);
    }
    return counts.values().stream().mapToInt(Integer::intValue).max().orElseThrow()
        / ((double) KEYS / 3);
  }

  @Test
  void sequentialKeysSpreadEvenlyOverTheShards() {
    assertThat(maxOverMean(Integer::toString)).isLessThanOrEqualTo(1.1);
  }

  @Test
  void randomKeysSpreadEvenlyOverTheShards() {
    Random random = new Random(1);
    assertThat(maxOverMean(i -> new UUID(random.nextLong(), random.nextLong()).toString()))
        .isLessThanOrEqualTo(1.1);
  }

  @Test
  void slotsAreDealtOutEvenly() {
    assertThat(map.slotsByShard())
        .containsEntry("a", 1366)
        .containsEntry("b", 1365)
        .containsEntry("c", 1365);
  }
}
