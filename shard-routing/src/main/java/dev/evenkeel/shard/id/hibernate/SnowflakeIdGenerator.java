package dev.evenkeel.shard.id.hibernate;

import dev.evenkeel.shard.id.SnowflakeIds;
import org.springframework.beans.factory.ObjectProvider;

/** Behind {@link SnowflakeId}. */
final class SnowflakeIdGenerator extends IdGenerator<SnowflakeId> {

  private final transient OnlyBean<SnowflakeIds> source;

  SnowflakeIdGenerator(ObjectProvider<SnowflakeIds> beans) {
    super(Long.class);
    this.source = new OnlyBean<>(SnowflakeId.class, SnowflakeIds.class, beans);
  }

  @Override
  Object next() {
    return source.get().next();
  }
}
