package dev.evenkeel.shard.id.hibernate;

import dev.evenkeel.shard.id.CurrentSlot;
import dev.evenkeel.shard.id.SlotIds;
import java.util.UUID;
import org.hibernate.generator.GeneratorCreationContext;

/** Behind {@link SlotCarryingId}. */
final class SlotCarryingIdGenerator extends IdGenerator {

  private final transient IdSource<CurrentSlot> source;

  SlotCarryingIdGenerator(GeneratorCreationContext context) {
    super(SlotCarryingId.class, UUID.class, context);
    this.source = new IdSource<>(CurrentSlot.class, SlotCarryingId.class, context);
  }

  @Override
  Object next() {
    return SlotIds.next(source.get().slot());
  }
}
