package dev.evenkeel.autoconfigure.shards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.RelayLifecycle;
import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.EveryShard;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardStatus;
import dev.evenkeel.shard.ShardTransactions;
import dev.evenkeel.shard.ShardUnavailableException;
import dev.evenkeel.shard.Shards;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;

/** Three shards, one of them on a server of its own that comes and goes. */
class ShardAwayIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Runnable NOTHING = () -> {};

  private final SortedMap<String, DatabaseInfo> shards = new TreeMap<>();
  private final PostgresServer server = PostgresServer.builder().start();
  private ConfigurableApplicationContext application;

  @BeforeEach
  void createShards() {
    shards.put("a", TestDatabase.shared().createDatabase());
    shards.put("b", server.createDatabase("b"));
    shards.put("c", TestDatabase.shared().createDatabase());
  }

  @AfterEach
  void end() {
    if (application != null) {
      application.close();
    }
    server.close();
    TestDatabase.shared().dropDatabase(shards.get("a"));
    TestDatabase.shared().dropDatabase(shards.get("c"));
  }

  private void start() {
    application =
        TestApplications.startSharded(
            shards,
            AccountApplication.class,
            "spring.flyway.locations=classpath:db/accounts",
            "spring.datasource.hikari.connection-timeout=10000");
  }

  private long idOn(String shard) {
    ShardNode node = application.getBean(ShardNode.class);
    return LongStream.iterate(System.nanoTime(), id -> id + 1)
        .filter(id -> node.map().entry(SlotHash.slotOf(Long.toString(id))).shard().equals(shard))
        .findFirst()
        .orElseThrow();
  }

  private void open(String shard) {
    long id = idOn(shard);
    application.getBean(AccountService.class).open(new Opening(id, id), NOTHING);
  }

  private ShardStatus.State state(String shard) {
    return application.getBean(Shards.class).statuses().stream()
        .filter(status -> status.name().equals(shard))
        .findFirst()
        .orElseThrow()
        .state();
  }

  private void awaitEventsOf(String shard) {
    long id = idOn(shard);
    application.getBean(AccountService.class).open(new Opening(id, id), NOTHING);
    await()
        .atMost(SOON)
        .until(
            () ->
                application
                    .getBean(ShardTransactions.class)
                    .inShard(
                        id,
                        () ->
                            application
                                .getBean(JdbcTemplate.class)
                                .queryForObject(
                                    "SELECT count(*) FROM seen WHERE account_id = ?",
                                    Integer.class,
                                    id))
                    .equals(3));
  }

  @Test
  void shardThatIsDownAtStartJoinsWhenItAnswers() {
    server.stop(PostgresServer.Mode.IMMEDIATE);

    start();

    assertThat(state("b")).isEqualTo(ShardStatus.State.DOWN);
    awaitEventsOf("a");
    awaitEventsOf("c");
    assertThatThrownBy(() -> open("b"))
        .hasRootCauseInstanceOf(SQLTransientConnectionException.class)
        .hasStackTraceContaining("Shard \"b\" is DOWN");

    server.start();

    await().atMost(SOON).until(() -> state("b") == ShardStatus.State.UP);
    awaitEventsOf("b"); // its schema was migrated, and its relay leads
  }

  @Test
  void shardThatGoesDownLaterHoldsNobodyUp() {
    start();
    awaitEventsOf("b");

    server.stop(PostgresServer.Mode.IMMEDIATE);

    await().atMost(SOON).until(() -> state("b") == ShardStatus.State.DOWN);
    long began = System.nanoTime();
    assertThatThrownBy(() -> open("b"))
        .hasStackTraceContaining(ShardUnavailableException.class.getName());
    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .as("refused at once")
        .isLessThan(Duration.ofSeconds(4));
    awaitEventsOf("a");
    EveryShard<String> answers =
        application.getBean(ShardTransactions.class).onEveryShard(() -> "answer");
    assertThat(answers.answers().keySet()).containsExactly("a", "c");
    assertThatThrownBy(answers::all).hasMessageContaining("[b]");
    await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(
                        application
                            .getBean("evenkeelHealthIndicator", HealthIndicator.class)
                            .health()
                            .getStatus()
                            .getCode())
                    .isEqualTo("DEGRADED"));
    assertThat(
            application
                .getBean("dbHealthContributor", HealthIndicator.class)
                .health()
                .getStatus()
                .getCode())
        .as("one shard of three takes nobody out of service")
        .isEqualTo("DEGRADED");
    assertThatThrownBy(
            () -> application.getBean(ParkedMessages.class).find("nobody", UUID.randomUUID()))
        .as("it may be on the shard that does not answer")
        .isInstanceOf(DataAccessException.class);
    assertThat(application.getBean(RelayLifecycle.class).statuses().keySet())
        .isEqualTo(Set.of("a", "b", "c"));

    server.start();

    await().atMost(SOON).until(() -> state("b") == ShardStatus.State.UP);
    awaitEventsOf("b");
  }

  @Test
  void exchangedUrlsEndTheStart() {
    start();
    application.close();
    DatabaseInfo a = shards.get("a");
    shards.put("a", shards.get("c"));
    shards.put("c", a);

    // The catalogue is where "a" was: its slot map is at "c" now.
    assertThatThrownBy(this::start).hasStackTraceContaining("leads to a database that is shard");
  }
}
