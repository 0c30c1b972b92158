package dev.evenkeel.autoconfigure.shards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** A payload lies on the shard whose transaction appended it, wherever the effects are. */
class ClaimCheckOnShardsIT {

  private final SortedMap<String, DatabaseInfo> shards = new TreeMap<>();

  @BeforeEach
  void createShards() {
    shards.put("a", TestDatabase.shared().createDatabase());
    shards.put("b", TestDatabase.shared().createDatabase());
  }

  @AfterEach
  void dropShards() {
    shards.values().forEach(TestDatabase.shared()::dropDatabase);
  }

  private int count(String shard, String sql) {
    DatabaseInfo database = shards.get(shard);
    Integer count =
        new JdbcTemplate(
                new DriverManagerDataSource(
                    database.jdbcUrl(), database.username(), database.password()))
            .queryForObject(sql, Integer.class);
    return count == null ? 0 : count;
  }

  @Test
  void claimIsRedeemedOnItsShardForEffectsOnAnother() {
    try (ConfigurableApplicationContext application =
        TestApplications.startSharded(
            shards,
            AccountApplication.class,
            "spring.flyway.locations=classpath:db/accounts",
            "spring.jpa.open-in-view=false",
            "evenkeel.outbox.claim-check.threshold=10B")) {
      long onA = idOn(application, "a");
      long onB = idOn(application, "b");
      AccountService service = application.getBean(AccountService.class);
      service.open(new Opening(onA, onB), () -> {});
      service.open(new Opening(onB, onA), () -> {});

      for (String shard : shards.keySet()) {
        assertThat(count(shard, "SELECT count(*) FROM evenkeel.claim_check")).isOne();
        assertThat(count(shard, "SELECT sum(length(payload)) FROM evenkeel.outbox")).isZero();
        // Of the account here its own handler, of the one there those of its recommender.
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> count(shard, "SELECT count(*) FROM seen") == 3);
        assertThat(count(shard, "SELECT count(*) FROM evenkeel.parked_message")).isZero();
      }
    }
  }

  private static long idOn(ConfigurableApplicationContext application, String shard) {
    ShardNode node = application.getBean(ShardNode.class);
    return LongStream.range(1, 10_000)
        .filter(id -> node.map().entry(SlotHash.slotOf(Long.toString(id))).shard().equals(shard))
        .findFirst()
        .orElseThrow();
  }
}
