package dev.evenkeel.shard.id.wrong;

import dev.evenkeel.shard.id.hibernate.SnowflakeId;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;

/** A number would not fit. */
@Entity
class Wrong {
  @Id @SnowflakeId private String id;
}
