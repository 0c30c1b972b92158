package dev.evenkeel.autoconfigure.shards;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.autoconfigure.blocks.BlockApplication;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What JPA must not do on shards ends the start. */
class JpaOnShardsIT {

  private final SortedMap<String, DatabaseInfo> shards = new TreeMap<>();

  JpaOnShardsIT() {
    shards.put("a", TestDatabase.shared().createDatabase());
    shards.put("b", TestDatabase.shared().createDatabase());
  }

  @AfterEach
  void dropShards() {
    shards.values().forEach(TestDatabase.shared()::dropDatabase);
  }

  @Test
  void idsThatAreDrawnInBlocksAreRefused() {
    assertThatThrownBy(
            () ->
                TestApplications.startSharded(
                    shards, BlockApplication.class, "spring.flyway.enabled=false"))
        .hasStackTraceContaining("the ids of dev.evenkeel.autoconfigure.blocks.Numbered")
        .hasStackTraceContaining("@ShardSequenceId");
  }

  @Test
  void generationOfTheSchemaIsRefused() {
    assertThatThrownBy(
            () ->
                TestApplications.startSharded(
                    shards,
                    BlockApplication.class,
                    "spring.flyway.enabled=false",
                    "spring.jpa.hibernate.ddl-auto=update"))
        .hasStackTraceContaining(
            "spring.jpa.hibernate.ddl-auto=update would change one shard only");
  }

  @Test
  void migrationsThatWouldNotReachEveryShardAreRefused() {
    assertThatThrownBy(
            () ->
                TestApplications.startSharded(
                    shards,
                    AccountApplication.class,
                    "spring.flyway.locations=classpath:db/accounts",
                    "spring.flyway.user=owner"))
        .hasStackTraceContaining("spring.flyway.user can't be set with evenkeel.shards");
  }

  @Test
  void openEntityManagerInViewIsRefused() {
    assertThatThrownBy(
            () ->
                TestApplications.startShardedWeb(
                    shards,
                    AccountApplication.class,
                    "spring.flyway.locations=classpath:db/accounts"))
        .hasStackTraceContaining("spring.jpa.open-in-view must be false");
  }
}
