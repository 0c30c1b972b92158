package dev.evenkeel.outbox;

import com.dynatrace.hash4j.hashing.Hashing;

/**
 * Key to slot. Never changes: slots are stored in rows, and test vectors pin the function.
 *
 * <p>XXH3 (64 bit) of the key's UTF-16 characters, top 12 bits.
 */
public final class SlotHash {

  /** Number of slots; fixed for ever. */
  public static final int SLOTS = 4096;

  private SlotHash() {}

  /** The slot of a key, 0 to 4,095. Thread-safe. */
  public static int slotOf(String key) {
    return (int) (Hashing.xxh3_64().hashCharsToLong(key) >>> 52);
  }
}
