package dev.evenkeel.shard.id.hibernate;

import dev.evenkeel.shard.id.SequenceIds;
import org.hibernate.generator.GeneratorCreationContext;

/** Behind {@link ShardSequenceId}. */
final class ShardSequenceIdGenerator extends IdGenerator {

  private final transient IdSource<SequenceIds> source;

  ShardSequenceIdGenerator(GeneratorCreationContext context) {
    super(ShardSequenceId.class, Long.class, context);
    this.source = new IdSource<>(SequenceIds.class, ShardSequenceId.class, context);
  }

  @Override
  Object next() {
    return source.get().next();
  }
}
