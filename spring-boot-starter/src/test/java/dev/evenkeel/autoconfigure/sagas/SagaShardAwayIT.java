package dev.evenkeel.autoconfigure.sagas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardTransactions;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** Two shards, one of them on a server of its own that comes and goes. */
class SagaShardAwayIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final SortedMap<String, DatabaseInfo> shards = new TreeMap<>();
  private final PostgresServer server = PostgresServer.builder().start();
  private ConfigurableApplicationContext application;

  @BeforeEach
  void createShards() {
    shards.put("a", TestDatabase.shared().createDatabase());
    shards.put("b", server.createDatabase("b"));
  }

  @AfterEach
  void end() {
    if (application != null) {
      application.close();
    }
    server.close();
    TestDatabase.shared().dropDatabase(shards.get("a"));
  }

  private String accountOn(String shard) {
    ShardNode node = application.getBean(ShardNode.class);
    return IntStream.range(0, 1_000)
        .mapToObj(number -> "account-" + number)
        .filter(account -> node.map().entry(SlotHash.slotOf(account)).shard().equals(shard))
        .findFirst()
        .orElseThrow();
  }

  private UUID start(String from, String to) {
    Transfer transfer =
        new Transfer(UUID.randomUUID().toString(), accountOn(from), accountOn(to), accountOn(from));
    return application
        .getBean(ShardTransactions.class)
        .inShard(transfer.from(), () -> application.getBean(Transfers.class).start(transfer))
        .id();
  }

  private void awaitCompleted(UUID saga) {
    await()
        .atMost(SOON)
        .until(
            () ->
                application.getBean(Sagas.class).status(saga).orElseThrow().state()
                    == SagaState.COMPLETED);
  }

  @Test
  void applicationStartsWithoutAShardAndItsSagasGoOnWhenItComes() {
    server.stop(PostgresServer.Mode.IMMEDIATE);

    application =
        TestApplications.startSharded(
            shards,
            TransferApplication.class,
            "spring.flyway.locations=classpath:db/transfers",
            "spring.datasource.hikari.connection-timeout=1000",
            "evenkeel.saga.poll=50ms");

    awaitCompleted(start("a", "a"));
    UUID waiting = start("a", "b");
    await()
        .atMost(SOON)
        .until(
            () ->
                application.getBean(Sagas.class).history(waiting).stream()
                    .anyMatch(entry -> "debit".equals(entry.step())));
    assertThat(application.getBean(Sagas.class).status(waiting).orElseThrow().state())
        .isEqualTo(SagaState.RUNNING);

    server.start();

    awaitCompleted(waiting);
    awaitCompleted(start("b", "a"));
  }
}
