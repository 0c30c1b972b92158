package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class EngineShardsTest {

  @Test
  void aShardsKeysLeadToIt() {
    DatabaseInfo nowhere = new DatabaseInfo("a", "jdbc:postgresql://localhost/a", "u", "p");
    EngineShards shards =
        new EngineShards(List.of(nowhere.dataSource(), nowhere.dataSource(), nowhere.dataSource()));

    for (int shard = 0; shard < 3; shard++) {
      for (long number = 0; number < 200; number++) {
        String key = shards.key(shard, number);
        assertThat(shards.shardOf(shards.slotOf("hash", key))).isEqualTo("shard-" + shard);
      }
    }
  }
}
