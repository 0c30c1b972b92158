package dev.evenkeel.bench;

import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.shard.SlotStrategy;

/** From key to shard, one thread: the key's text, its hash, the slot's entry in the map. */
final class RouteLookup {

  private static final int KEYS = 1_000_000;

  /** Spreads numbers over 63 bits, so that their texts differ in length and digits. */
  private static final long ODD = 0x9E3779B97F4A7C15L;

  private final ShardRouter router;
  private final Object[] keys = new Object[KEYS];
  private long checksum;

  RouteLookup(ShardRouter router) {
    this.router = router;
    for (int n = 0; n < KEYS; n++) {
      long number = (n * ODD) >>> (1 + n % 50);
      keys[n] = n % 2 == 0 ? Long.valueOf(number) : "customer-" + number;
    }
  }

  /** Looks every key up once; nanoseconds per key. */
  double nanos() {
    long from = System.nanoTime();
    long sum = 0;
    for (Object key : keys) {
      int slot = router.slotOf(SlotStrategy.HASH, key.toString());
      String shard = router.shardOf(slot);
      sum += slot + shard.charAt(shard.length() - 1);
    }
    long nanos = System.nanoTime() - from;
    requireSame(sum);
    return (double) nanos / KEYS;
  }

  /** The map does not change meanwhile; and the JVM can't leave out what is looked at. */
  private void requireSame(long sum) {
    if (checksum != 0 && checksum != sum) {
      throw new IllegalStateException("Two passes over the same keys led to different shards");
    }
    checksum = sum;
  }
}
