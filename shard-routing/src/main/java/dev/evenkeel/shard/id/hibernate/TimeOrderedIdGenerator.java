package dev.evenkeel.shard.id.hibernate;

import dev.evenkeel.shard.id.TimeOrderedIds;
import java.util.UUID;

/** Behind {@link TimeOrderedId}. */
final class TimeOrderedIdGenerator extends IdGenerator<TimeOrderedId> {

  TimeOrderedIdGenerator() {
    super(UUID.class);
  }

  @Override
  Object next() {
    return TimeOrderedIds.next();
  }
}
