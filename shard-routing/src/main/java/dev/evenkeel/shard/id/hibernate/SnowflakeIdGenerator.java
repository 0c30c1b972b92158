package dev.evenkeel.shard.id.hibernate;

import dev.evenkeel.shard.id.SnowflakeIds;
import org.hibernate.generator.GeneratorCreationContext;

/** Behind {@link SnowflakeId}. */
final class SnowflakeIdGenerator extends IdGenerator {

  private final transient IdSource<SnowflakeIds> source;

  SnowflakeIdGenerator(GeneratorCreationContext context) {
    super(SnowflakeId.class, Long.class, context);
    this.source = new IdSource<>(SnowflakeIds.class, SnowflakeId.class, context);
  }

  @Override
  Object next() {
    return source.get().next();
  }
}
