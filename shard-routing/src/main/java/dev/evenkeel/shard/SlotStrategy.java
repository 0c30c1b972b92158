package dev.evenkeel.shard;

/**
 * Turns a key into a slot. Pure and for ever: rows are stored under the slot. Beans of this type
 * can be named by {@link Sharded#strategy()}. Implementations are thread-safe.
 */
@FunctionalInterface
public interface SlotStrategy {

  /** Name of the default: {@link dev.evenkeel.outbox.SlotHash} of the key's text. */
  String HASH = "hash";

  /** Name of the strategy for keys that carry their slot: {@link dev.evenkeel.shard.id.SlotIds}. */
  String CARRIED = "carried";

  /**
   * The slot, 0 to 4,095.
   *
   * @param key the key's text, not blank
   * @throws ShardKeyException if the key can't be turned into a slot
   */
  int slotOf(String key);
}
