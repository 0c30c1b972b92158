package dev.evenkeel.shard.id;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import dev.evenkeel.outbox.SlotHash;
import java.util.UUID;

/**
 * UUIDs of version 7 whose 12 bits after the version are the slot, in hexadecimal the three digits
 * after the 7: {@code 019a9e5c-3f40-7}<b>{@code 1a3}</b>{@code -9c1d-…} is of slot 0x1a3. The slot
 * stays true when it moves to another shard. 62 bits beside it are random, and count up within a
 * millisecond. Thread-safe.
 */
public final class SlotIds {

  private static final TimeBasedEpochGenerator TIME_ORDERED = Generators.timeBasedEpochGenerator();
  private static final long SLOT_BITS = 0xfffL;
  private static final int VERSION = 7;

  private SlotIds() {}

  /**
   * A new id.
   *
   * @param slot 0 to 4,095
   * @throws IllegalArgumentException if the slot is none
   */
  public static UUID next(int slot) {
    if (slot < 0 || slot >= SlotHash.SLOTS) {
      throw new IllegalArgumentException(
          "slot must be between 0 and %d, was %d".formatted(SlotHash.SLOTS - 1, slot));
    }
    UUID id = TIME_ORDERED.generate();
    return new UUID(
        (id.getMostSignificantBits() & ~SLOT_BITS) | slot, id.getLeastSignificantBits());
  }

  /**
   * The slot that an id carries.
   *
   * @throws IllegalArgumentException if the id is not of version 7 and so carries none
   */
  public static int slotOf(UUID id) {
    if (id.version() != VERSION) {
      throw new IllegalArgumentException(
          "%s carries no slot: it is a UUID of version %d, and ids that carry one are of version 7"
              .formatted(id, id.version()));
    }
    return (int) (id.getMostSignificantBits() & SLOT_BITS);
  }
}
