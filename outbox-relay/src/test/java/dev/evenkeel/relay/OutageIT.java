package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.testing.database.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;

/** Databases of effects that do not answer: a wait, not a failure of any message. */
class OutageIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String FAR = "far";

  private static LaneOptions lanes(Duration handlerTimeout) {
    return new LaneOptions(
        8,
        2,
        Duration.ofMillis(100),
        2,
        Duration.ofMillis(50),
        Duration.ofMillis(200),
        Duration.ofSeconds(1),
        handlerTimeout);
  }

  private record FarHandler(JdbcTemplate far, JdbcTemplate near) {
    @InboxHandler(consumer = "first")
    void on(Counted event, OutboxMessage message) {
      (event.key().startsWith(FAR) ? far : near)
          .update(
              "INSERT INTO handled (consumer, key, version) VALUES ('first', ?, ?)",
              event.key(),
              event.version());
    }
  }

  @Test
  void databaseThatIsAwayHoldsOnlyTheWorkHeadedThereAndNoAttemptCounts() {
    try (Installation installation = Installation.create();
        PostgresServer server = PostgresServer.builder().start();
        HikariDataSource farPool = Installation.pool(server.createDatabase(FAR), 8)) {
      farPool.setConnectionTimeout(500);
      new SchemaMigration(Installation.SCHEMA).migrate(farPool);
      Ledger near = new Ledger(installation);
      Ledger far = new Ledger(new JdbcTemplate(farPool));
      TransactionTarget farTarget =
          new TransactionTarget(FAR, farPool, new DataSourceTransactionManager(farPool));
      TransactionTarget home =
          new TransactionTarget(
              "home",
              installation.dataSource(),
              new DataSourceTransactionManager(installation.dataSource()));
      try (RelayNode node =
          RelayNode.in(installation)
              .handlers(new FarHandler(new JdbcTemplate(farPool), installation.sql()))
              .router((consumer, m, shardKey) -> m.aggregateId().startsWith(FAR) ? farTarget : home)
              .lanes(lanes(Duration.ofSeconds(2)))
              .start()) {
        node.publish(new Counted("far-a", 1), new Counted("near", 1));
        await().atMost(SOON).until(() -> far.handled("first") == 1 && near.handled("first") == 1);

        server.stop(PostgresServer.Mode.IMMEDIATE);
        node.publish(counted("far-a", 2, 10));
        node.publish(counted("far-b", 1, 10));
        node.publish(counted("near", 2, 50));
        await().atMost(SOON).until(() -> near.handled("first") == 50);
        await()
            .atMost(SOON)
            .until(
                () ->
                    installation.count(
                            "SELECT count(*) FROM evenkeel.parked_message WHERE reason = 'OUTAGE' AND state = 'RETRYING'")
                        == 2);
        await().atMost(SOON).until(() -> node.relay().status().inFlight() == 0);
        node.publish(new Counted("far-a", 11), new Counted("near", 51));
        await().atMost(SOON).until(() -> near.handled("first") == 51);

        server.start();
        await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
        await().atMost(SOON).until(() -> far.handled("first") == 21);
        assertThat(far.handled("first", "far-a")).containsExactlyElementsOf(versions(1, 11));
        assertThat(far.handled("first", "far-b")).containsExactlyElementsOf(versions(1, 10));
        assertThat(
                installation.count(
                    "SELECT count(*) FROM evenkeel.parked_message WHERE attempts > 0"))
            .isZero();
      }
    }
  }

  @Test
  void exhaustedPoolLosesNothingAndCountsNoAttempt() throws SQLException {
    try (Installation installation = Installation.create();
        HikariDataSource pool = Installation.pool(installation.database(), 4)) {
      pool.setConnectionTimeout(5_000); // above the handler's time, as it often is
      Ledger ledger = new Ledger(new JdbcTemplate(pool));
      try (RelayNode node =
          RelayNode.in(installation)
              .dataSource(pool)
              .handlers(ledger.firstConsumer())
              .lanes(lanes(Duration.ofMillis(500)))
              .start()) {
        node.publish(new Counted("warm", 1));
        await().atMost(SOON).until(() -> ledger.handled("first", "warm").size() == 1);
        RelayNode writer = RelayNode.in(installation).build();

        List<Connection> taken = new ArrayList<>();
        try {
          for (int n = 0; n < 4; n++) {
            taken.add(pool.getConnection());
          }
          writer.publish(counted("a", 1, 10));
          writer.publish(counted("b", 1, 10));
          await().atMost(SOON).until(() -> node.relay().status().inFlight() == 20);
          await()
              .during(Duration.ofSeconds(3))
              .atMost(Duration.ofSeconds(15))
              .until(() -> node.relay().status().inFlight() == 20);
        } finally {
          for (Connection connection : taken) {
            connection.close();
          }
        }

        await().atMost(SOON).until(() -> ledger.handled("first") == 21);
        assertThat(ledger.handled("first", "a")).containsExactlyElementsOf(versions(1, 10));
        assertThat(ledger.handled("first", "b")).containsExactlyElementsOf(versions(1, 10));
        assertThat(
                installation.count(
                    "SELECT count(*) FROM evenkeel.parked_message WHERE reason = 'HANDLER_FAILED'"))
            .isZero();
      }
    }
  }

  @Test
  void outageOfSomethingElseThatAHandlerReachesForIsThatHandlersFailure() {
    try (Installation installation = Installation.create()) {
      Ledger ledger =
          new Ledger(installation)
              .first(
                  (event, message) -> {
                    if (event.key().equals("broken")) {
                      throw new DataAccessResourceFailureException(
                          "a service of the handler's own is away",
                          new SQLTransientConnectionException("not this database"));
                    }
                  });
      try (RelayNode node =
          RelayNode.in(installation)
              .handlers(ledger.firstConsumer())
              .lanes(lanes(Duration.ofSeconds(2)))
              .start()) {
        node.publish(new Counted("broken", 1));
        for (long version = 1; version <= 30; version++) {
          node.publish(new Counted("healthy", version));
        }

        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> ledger.handled("first", "healthy").size() == 30);
        await().atMost(SOON).until(() -> node.parked().deadLetters(1).size() == 1);
      }
    }
  }

  @Test
  void messageThatCannotBeRoutedIsParkedAndHoldsNobodyElse() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      TransactionTarget home =
          new TransactionTarget(
              "home",
              installation.dataSource(),
              new DataSourceTransactionManager(installation.dataSource()));
      try (RelayNode node =
          RelayNode.in(installation)
              .handlers(ledger.firstConsumer())
              .router(
                  (consumer, message, shardKey) -> {
                    if (message.aggregateId().equals("nowhere")) {
                      throw new IllegalArgumentException("no shard for nowhere");
                    }
                    return home;
                  })
              .lanes(lanes(Duration.ofSeconds(2)))
              .start()) {
        node.publish(new Counted("nowhere", 1), new Counted("k", 1));

        await().atMost(SOON).until(() -> node.parked().deadLetters(1).size() == 1);
        assertThat(node.parked().deadLetters(1).get(0).error()).contains("no shard for nowhere");
        await().atMost(SOON).until(() -> ledger.handled("first", "k").size() == 1);
        await().atMost(SOON).until(() -> node.relay().status().inFlight() == 0);
      }
    }
  }

  private static Object[] counted(String key, long from, long to) {
    return LongStream.rangeClosed(from, to).mapToObj(n -> new Counted(key, n)).toArray();
  }

  private static List<Long> versions(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }
}
