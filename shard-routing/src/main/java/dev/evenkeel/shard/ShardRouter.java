package dev.evenkeel.shard;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.id.SlotIds;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** From key to slot to shard, in memory. Thread-safe. */
public final class ShardRouter {

  private final Supplier<SlotMap> map;
  private final Map<String, SlotStrategy> strategies;

  /**
   * Makes a router.
   *
   * @param map the present slot map; may throw {@link ShardUnavailableException}
   * @param strategies the application's own, by name
   */
  public ShardRouter(Supplier<SlotMap> map, Map<String, SlotStrategy> strategies) {
    this.map = map;
    this.strategies = Map.copyOf(strategies);
    for (String reserved : new String[] {SlotStrategy.HASH, SlotStrategy.CARRIED}) {
      if (strategies.containsKey(reserved)) {
        throw new IllegalArgumentException(
            "The name \"%s\" is the framework's; give the SlotStrategy bean another"
                .formatted(reserved));
      }
    }
  }

  /**
   * The slot of a key.
   *
   * @param strategy as {@link Sharded#strategy()}
   * @throws ShardKeyException if the strategy does not exist or has no slot for the key
   */
  public int slotOf(String strategy, String key) {
    if (strategy.equals(SlotStrategy.HASH)) {
      return SlotHash.slotOf(key);
    }
    if (strategy.equals(SlotStrategy.CARRIED)) {
      return carried(key);
    }
    SlotStrategy own = strategies.get(strategy);
    if (own == null) {
      own = map.get().assignments(strategy);
    }
    if (own == null) {
      throw new ShardKeyException(
          "There is no slot strategy \"%s\": define a SlotStrategy bean of that name, or create it in the slot map"
              .formatted(strategy));
    }
    int slot = own.slotOf(key);
    if (slot < 0 || slot >= SlotHash.SLOTS) {
      throw new ShardKeyException(
          "Strategy \"%s\" gave the key \"%s\" slot %d; slots are 0 to %d"
              .formatted(strategy, key, slot, SlotHash.SLOTS - 1));
    }
    return slot;
  }

  private static int carried(String key) {
    try {
      return SlotIds.slotOf(UUID.fromString(key));
    } catch (IllegalArgumentException e) {
      throw new ShardKeyException("\"%s\" carries no slot: %s".formatted(key, e.getMessage()));
    }
  }

  /**
   * The shard that a slot's transactions go to now.
   *
   * @throws SlotMovingException while the slot is fenced
   */
  public String shardOf(int slot) {
    SlotMap.Entry entry = map.get().entry(slot);
    if (entry.state() == SlotMap.State.FENCED) {
      throw new SlotMovingException(
          "Slot %d is moving from shard \"%s\" to \"%s\" and takes no transaction at this moment; try again"
              .formatted(slot, entry.shard(), entry.target()));
    }
    return entry.shard();
  }

  ShardBinding bind(
      String strategy,
      @Nullable String key,
      String what,
      ReadFrom readFrom,
      @Nullable Supplier<@Nullable String> keyNow) {
    if (key == null || key.isBlank()) {
      throw new ShardKeyException(
          "%s needs a shard key, and it is %s".formatted(what, key == null ? "null" : "blank"));
    }
    int slot = slotOf(strategy, key);
    return new ShardBinding(slot, shardOf(slot), key, readFrom, keyNow);
  }
}
