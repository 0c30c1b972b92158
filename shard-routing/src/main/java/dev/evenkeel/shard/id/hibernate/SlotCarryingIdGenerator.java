package dev.evenkeel.shard.id.hibernate;

import dev.evenkeel.shard.id.CurrentSlot;
import dev.evenkeel.shard.id.SlotIds;
import java.util.UUID;
import org.springframework.beans.factory.ObjectProvider;

/** Behind {@link SlotCarryingId}. */
final class SlotCarryingIdGenerator extends IdGenerator<SlotCarryingId> {

  private final transient OnlyBean<CurrentSlot> source;

  SlotCarryingIdGenerator(ObjectProvider<CurrentSlot> beans) {
    super(UUID.class);
    this.source = new OnlyBean<>(SlotCarryingId.class, CurrentSlot.class, beans);
  }

  @Override
  Object next() {
    return SlotIds.next(source.get().slot());
  }
}
