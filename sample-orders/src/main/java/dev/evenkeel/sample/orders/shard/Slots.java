package dev.evenkeel.sample.orders.shard;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.ShardScope;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Slot and shard of the present transaction. Without shards slots are stored all the same, so that
 * a database which has grown too large can become the first of several.
 */
@Component
public class Slots {

  /** What the one database is called where there are no shards. */
  public static final String HOME = "home";

  private final @Nullable ShardScope scope;

  Slots(ObjectProvider<ShardScope> scope) {
    this.scope = scope.getIfAvailable();
  }

  /**
   * The slot to store in a row, 0 to 4,095.
   *
   * @param key what the transaction is routed by
   */
  public int of(Object key) {
    return scope == null ? SlotHash.slotOf(key.toString()) : scope.requireSlot();
  }

  /** Name of the shard that the present transaction is on. */
  public String shard() {
    return scope == null ? HOME : scope.shard().name();
  }
}
