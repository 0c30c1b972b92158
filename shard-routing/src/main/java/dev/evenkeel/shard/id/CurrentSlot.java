package dev.evenkeel.shard.id;

/** Says which slot the current transaction is bound to; asked by {@code @SlotCarryingId}. */
@FunctionalInterface
public interface CurrentSlot {

  /**
   * The slot, 0 to 4,095.
   *
   * @throws RuntimeException if the calling thread is in no routed transaction; the message says so
   */
  int slot();
}
