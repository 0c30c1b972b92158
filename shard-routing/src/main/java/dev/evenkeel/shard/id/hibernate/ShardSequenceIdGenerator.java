package dev.evenkeel.shard.id.hibernate;

import dev.evenkeel.shard.id.SequenceIds;
import org.springframework.beans.factory.ObjectProvider;

/** Behind {@link ShardSequenceId}. */
final class ShardSequenceIdGenerator extends IdGenerator<ShardSequenceId> {

  private final transient OnlyBean<SequenceIds> source;

  ShardSequenceIdGenerator(ObjectProvider<SequenceIds> beans) {
    super(Long.class);
    this.source = new OnlyBean<>(ShardSequenceId.class, SequenceIds.class, beans);
  }

  @Override
  Object next() {
    return source.get().next();
  }
}
