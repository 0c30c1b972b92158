package dev.evenkeel.shard;

import dev.evenkeel.outbox.SlotHash;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntFunction;

/** Maps without a database. */
final class SlotMaps {

  private SlotMaps() {}

  /** As the catalogue deals them out. */
  static SlotMap dealt(String... shards) {
    return of(List.of(shards), slot -> settled(slot, shards[slot % shards.length]));
  }

  static SlotMap of(List<String> shards, IntFunction<SlotMap.Entry> entry) {
    Map<String, Integer> ordinals = new HashMap<>();
    shards.forEach(shard -> ordinals.put(shard, ordinals.size()));
    SlotMap.Entry[] entries = new SlotMap.Entry[SlotHash.SLOTS];
    for (int slot = 0; slot < entries.length; slot++) {
      entries[slot] = entry.apply(slot);
    }
    return new SlotMap(new UUID(0, 1), 1, ordinals, entries, Map.of());
  }

  static SlotMap.Entry settled(int slot, String shard) {
    return new SlotMap.Entry(slot, shard, SlotMap.State.SETTLED, null, 1, 1, false);
  }
}
