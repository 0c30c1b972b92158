package dev.evenkeel.shard;

import dev.evenkeel.outbox.SlotHash;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** From a key to its slot and on to its shard, for one of many keys after the other. */
@State(Scope.Thread)
public class RouteBenchmark {

  private static final int KEYS = 1 << 12;
  private static final int SHARDS = 3;

  private final String[] keys =
      IntStream.range(0, KEYS).mapToObj(n -> "customer-" + n * 7_919L).toArray(String[]::new);
  private final ShardRouter router = new ShardRouter(RouteBenchmark::map, Map.of());
  private int next;

  private static final SlotMap MAP =
      new SlotMap(
          new UUID(0, 1),
          1,
          Map.of("shard-1", 1, "shard-2", 2, "shard-3", 3),
          IntStream.range(0, SlotHash.SLOTS)
              .mapToObj(
                  slot ->
                      new SlotMap.Entry(
                          slot,
                          "shard-" + (1 + slot % SHARDS),
                          SlotMap.State.SETTLED,
                          null,
                          1,
                          1,
                          false))
              .toArray(SlotMap.Entry[]::new),
          Map.of());

  private static SlotMap map() {
    return MAP;
  }

  private String key() {
    next = next + 1 & KEYS - 1;
    return keys[next];
  }

  /** The hash alone. */
  @Benchmark
  public int keyToSlot() {
    return SlotHash.slotOf(key());
  }

  /** The whole way. */
  @Benchmark
  public String keyToShard() {
    return router.shardOf(router.slotOf(SlotStrategy.HASH, key()));
  }
}
