package dev.evenkeel.shard.id.hibernate;

import dev.evenkeel.shard.id.TimeOrderedIds;
import java.util.UUID;
import org.hibernate.generator.GeneratorCreationContext;

/** Behind {@link TimeOrderedId}. */
final class TimeOrderedIdGenerator extends IdGenerator {

  TimeOrderedIdGenerator(GeneratorCreationContext context) {
    super(TimeOrderedId.class, UUID.class, context);
  }

  @Override
  Object next() {
    return TimeOrderedIds.next();
  }
}
