package dev.evenkeel.shard;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One scope: where a transaction that begins in it goes.
 *
 * @param slot 0 to 4,095; {@link #WHOLE_SHARD} for a fan-out, which belongs to no slot
 * @param key text of the key, for errors
 * @param keyNow reads the key again; null where it can't change
 */
record ShardBinding(
    int slot,
    String shard,
    String key,
    ReadFrom readFrom,
    @Nullable Supplier<@Nullable String> keyNow) {

  static final int WHOLE_SHARD = -1;

  static ShardBinding wholeShard(String shard) {
    return new ShardBinding(WHOLE_SHARD, shard, "every shard", ReadFrom.PRIMARY, null);
  }

  /** This scope's key and wishes, on the shard that something else of the slot is bound to. */
  ShardBinding onShardOf(ShardBinding held) {
    return shard.equals(held.shard)
        ? this
        : new ShardBinding(slot, held.shard, key, readFrom, keyNow);
  }

  /** Refuses to be joined by another slot. */
  void requireSame(ShardBinding next) {
    if (slot == next.slot && (slot != WHOLE_SHARD || shard.equals(next.shard))) {
      return;
    }
    throw new CrossShardException(
        ("The transaction is bound to shard \"%s\" (key \"%s\", slot %d), and the call inside it wants shard"
                + " \"%s\" (key \"%s\", slot %d): one transaction, one slot. Append an outbox event and"
                + " handle it there, run a saga, or make the call when the transaction has ended and its"
                + " method has returned")
            .formatted(shard, key, slot, next.shard, next.key, next.slot));
  }

  /** Refuses a commit after the key has changed. */
  void requireSameKey() {
    if (keyNow == null) {
      return;
    }
    String now = keyNow.get();
    if (!key.equals(now)) {
      throw new ShardKeyException(
          ("The shard key changed from \"%s\" to \"%s\" while the transaction ran on shard \"%s\"; a row's"
                  + " key stays what it was, so write a new row under the new key")
              .formatted(key, now, shard));
    }
  }
}
