package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.CoreDatabase.OrderPlaced;
import dev.evenkeel.outbox.delivery.InboxLanes;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;

/** On a server that writes nothing to disk of its own accord for ten seconds. */
class GroupedCommitIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String CONSUMER = "orders";
  private static final Fence FENCE = Fence.relay(1);

  private static final Leadership LEADER =
      new Leadership() {
        @Override
        public long epoch() {
          return FENCE.epoch();
        }

        @Override
        public boolean mayDispatch() {
          return true;
        }
      };

  private static PostgresServer server;
  private static DatabaseInfo database;
  private static DataSource home;
  private static JdbcTemplate jdbc;

  private final Handler handler = new Handler();
  private final InboxHandlers handlers = handlers();

  @BeforeAll
  static void start() {
    server = PostgresServer.builder().setting("wal_writer_delay", "10s").start();
    database = server.createDatabase("grouped");
    new SchemaMigration(CoreDatabase.SCHEMA).migrate(database.dataSource());
    home = database.dataSource();
    jdbc = new JdbcTemplate(home);
    jdbc.update("UPDATE evenkeel.relay_state SET epoch = 1");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** Notes how each message's transaction will commit, and where its WAL ends, by its order. */
  private static final class Handler {

    private final Map<String, String> commits = new ConcurrentHashMap<>();
    private final Map<String, String> positions = new ConcurrentHashMap<>();
    private volatile Consumer<OrderPlaced> before = event -> {};
    private volatile Runnable then = () -> {};
    private volatile JdbcTemplate transactional = jdbc;

    @InboxHandler(consumer = CONSUMER)
    void on(OrderPlaced event) {
      before.accept(event);
      commits.put(
          event.orderId(),
          transactional.queryForObject(
              "SELECT current_setting('synchronous_commit')", String.class));
      positions.put(
          event.orderId(),
          transactional.queryForObject("SELECT pg_current_wal_insert_lsn()::text", String.class));
      then.run();
    }
  }

  private InboxHandlers handlers() {
    try {
      var method = Handler.class.getDeclaredMethod("on", OrderPlaced.class);
      return InboxHandlers.builder(CoreDatabase.TYPES, CoreDatabase.CODEC)
          .add(handler, method, method.getAnnotation(InboxHandler.class))
          .build();
    } catch (NoSuchMethodException e) {
      throw new AssertionError(e);
    }
  }

  private InboxReceiver receiver(DataSource home, TransactionTarget target) {
    return new InboxReceiver(
        new InboxOptions(
            CoreDatabase.SCHEMA, Duration.ofDays(10), Duration.ofSeconds(5), InboxCommit.GROUPED),
        home,
        (consumer, message, shardKey) -> target,
        MessageObserver.NONE,
        TimeSource.SYSTEM);
  }

  private static TransactionTarget at(DataSource home) {
    return new TransactionTarget("home", home, new DataSourceTransactionManager(home));
  }

  private InboxLanes lanes() {
    return lanes(home);
  }

  private InboxLanes lanes(DataSource home) {
    return new InboxLanes(
        LaneOptions.defaults(),
        handlers,
        receiver(home, at(home)),
        new ParkedStore(home, CoreDatabase.SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM),
        MessageObserver.NONE,
        InboxLanes.UnknownTypes.PARK);
  }

  private boolean isDurable(String key) {
    return Boolean.TRUE.equals(
        jdbc.queryForObject(
            "SELECT pg_current_wal_flush_lsn() > ?::pg_lsn",
            Boolean.class,
            handler.positions.get(key)));
  }

  /** Whether a message was durable when it was acknowledged; or why it never will be. */
  private final class Fates {

    private final Map<String, Boolean> acknowledged = new ConcurrentHashMap<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    Acknowledgement of(String key) {
      return new Acknowledgement() {
        @Override
        public void acknowledge() {
          acknowledged.put(key, isDurable(key));
        }

        @Override
        public void fail(Throwable cause) {
          failures.add(cause);
        }
      };
    }
  }

  private int sent;

  /** Sends until a message's commit does not wait any more, which the first one's does. */
  private String sendGrouped(InboxLanes.Feed feed, Fates fates) {
    for (int n = 0; n < 100; n++) {
      String key = "k" + sent++;
      feed.send(CoreDatabase.message(key), fates.of(key));
      await()
          .atMost(SOON)
          .until(() -> fates.acknowledged.containsKey(key) || !fates.failures.isEmpty());
      if ("off".equals(handler.commits.get(key))) {
        return key;
      }
    }
    throw new AssertionError("No commit was grouped");
  }

  @Test
  void messagesAreAcknowledgedOnceTheirCommitIsDurable() {
    Fates fates = new Fates();
    try (InboxLanes lanes = lanes()) {
      InboxLanes.Feed feed = lanes.open(LEADER);
      sendGrouped(feed, fates);
      for (int n = 0; n < 50; n++) {
        String key = "many" + n;
        feed.send(CoreDatabase.message(key), fates.of(key));
      }
      await().atMost(SOON).until(() -> fates.acknowledged.size() >= sent + 50);
    }
    assertThat(fates.failures).isEmpty();
    assertThat(fates.acknowledged)
        .as("what is acknowledged is durable")
        .allSatisfy((key, durable) -> assertThat(durable).isTrue());
  }

  /** Otherwise a crash in between would let it take effect before the one that comes again. */
  @Test
  void nextOfAKeyBeginsOnceItsPredecessorIsDurable() {
    Fates fates = new Fates();
    List<Boolean> durable = new CopyOnWriteArrayList<>();
    try (InboxLanes lanes = lanes()) {
      InboxLanes.Feed feed = lanes.open(LEADER);
      sendGrouped(feed, fates);
      handler.before =
          event -> {
            if (event.number() > 1) {
              durable.add(isDurable("row" + (event.number() - 1)));
            }
          };
      for (int n = 1; n <= 20; n++) {
        feed.send(
            OutboxMessage.of(
                "order-placed",
                1,
                "order",
                "one key",
                CoreDatabase.CODEC.encode(new OrderPlaced("row" + n, n))),
            fates.of("row" + n));
      }
      await().atMost(SOON).until(() -> fates.acknowledged.containsKey("row20"));
    }
    assertThat(durable)
        .as("a key's next message begins once its predecessor is durable")
        .hasSize(19)
        .containsOnly(true);
  }

  /** What ends when the server crashes has ended. */
  @Test
  void messageIsGivenBackWhenTheServerMayHaveCrashedBeforeItsCommitWasDurable() {
    Fates fates = new Fates();
    try (InboxLanes lanes = lanes()) {
      InboxLanes.Feed feed = lanes.open(LEADER);
      sendGrouped(feed, fates);
      handler.then =
          () ->
              jdbc.queryForList(
                  """
                  SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                   WHERE pid <> pg_backend_pid() AND datname = current_database()
                  """);
      OutboxMessage message = CoreDatabase.message("lost");
      feed.send(message, fates.of("lost"));
      await()
          .atMost(SOON)
          .until(() -> !fates.failures.isEmpty() || fates.acknowledged.containsKey("lost"));
      assertThat(handler.commits).containsEntry("lost", "off");
      assertThat(fates.acknowledged)
          .as("what a crash may have taken back is not acknowledged")
          .doesNotContainKey("lost");
      assertThat(fates.failures).singleElement().asString().contains("may have crashed");

      handler.then = () -> {};
      feed.close();
      InboxLanes.Feed next = lanes.open(LEADER); // the next term
      next.send(message, fates.of("lost"));
      await().atMost(SOON).until(() -> fates.acknowledged.containsKey("lost"));
      sendGrouped(next, fates);
    }
  }

  @Test
  void whatSomebodyFindsHandledIsDurableWhenItCounts() {
    InboxReceiver receiver = receiver(home, at(home));
    OutboxMessage message = CoreDatabase.message("twice");
    InboxHandlerMethod method = handlers.find(CONSUMER, message);
    assertThat(method).isNotNull();

    assertThat(receiver.receive(method, message, attempt(true))).isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(isDurable("twice")).isFalse();
    assertThat(receiver.receive(method, message, attempt(false)))
        .isEqualTo(ReceiveOutcome.DUPLICATE);
    assertThat(isDurable("twice"))
        .as("a duplicate is acknowledged once its first delivery is durable")
        .isTrue();
  }

  /** Its session may have been ended while its commit waited for the disk, or for a standby. */
  @Test
  void whatSomebodyFindsHandledElsewhereIsDurableWhenItCounts() {
    DataSource there = elsewhere("found");
    InboxReceiver receiver = receiverOf(there);
    OutboxMessage message = CoreDatabase.message("found");
    InboxHandlerMethod method = handlers.find(CONSUMER, message);
    assertThat(method).isNotNull();
    handler.transactional = new JdbcTemplate(there);
    handler.then = () -> handler.transactional.execute("SET LOCAL synchronous_commit = off");

    assertThat(receiver.receive(method, message, attempt(false))).isEqualTo(ReceiveOutcome.HANDLED);
    assertThat(isDurable("found")).isFalse();
    assertThat(receiver.receive(method, message, attempt(false)))
        .isEqualTo(ReceiveOutcome.DUPLICATE);
    assertThat(isDurable("found")).isTrue();
  }

  private static DataSource elsewhere(String name) {
    DatabaseInfo elsewhere = server.createDatabase(name);
    new SchemaMigration(CoreDatabase.SCHEMA).migrate(elsewhere.dataSource());
    return elsewhere.dataSource();
  }

  private InboxReceiver receiverOf(DataSource there) {
    return receiver(
        home, new TransactionTarget("elsewhere", there, new DataSourceTransactionManager(there)));
  }

  @Test
  void effectsElsewhereWaitForTheirOwnCommit() {
    DataSource there = elsewhere("elsewhere");
    InboxReceiver receiver = receiverOf(there);
    OutboxMessage message = CoreDatabase.message("far");
    InboxHandlerMethod method = handlers.find(CONSUMER, message);
    assertThat(method).isNotNull();
    handler.then = () -> assertThat(commitOf(there)).isEqualTo("on");

    assertThat(receiver.receive(method, message, attempt(true))).isEqualTo(ReceiveOutcome.HANDLED);
  }

  @Test
  void roleThatMayNotWriteLogicalMessagesWaitsForEachCommit() {
    jdbc.execute(
        """
        CREATE ROLE grouped_app LOGIN PASSWORD 'secret';
        GRANT USAGE ON SCHEMA evenkeel TO grouped_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA evenkeel TO grouped_app;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA evenkeel TO grouped_app
        """);
    jdbc.execute(
        """
        DO $$
        DECLARE f regprocedure;
        BEGIN
            FOR f IN SELECT oid FROM pg_proc WHERE proname = 'pg_logical_emit_message' LOOP
                EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
            END LOOP;
        END
        $$
        """);
    PGSimpleDataSource restricted = new PGSimpleDataSource();
    restricted.setUrl(database.jdbcUrl());
    restricted.setUser("grouped_app");
    restricted.setPassword("secret");
    handler.transactional = new JdbcTemplate(restricted);
    Fates fates = new Fates();
    try (InboxLanes lanes = lanes(restricted)) {
      InboxLanes.Feed feed = lanes.open(LEADER);
      for (int n = 0; n < 20; n++) {
        feed.send(CoreDatabase.message("each" + n), fates.of("each" + n));
      }
      await().atMost(SOON).until(() -> fates.acknowledged.size() == 20);
      OutboxMessage twice = CoreDatabase.message("each20");
      feed.send(twice, fates.of("each20"));
      feed.send(twice, fates.of("again"));
      await().atMost(SOON).until(() -> fates.acknowledged.containsKey("again"));
    }
    assertThat(fates.failures).isEmpty();
    assertThat(handler.commits.values()).hasSize(21).containsOnly("on");
  }

  private static String commitOf(DataSource database) {
    String commit =
        new JdbcTemplate(database)
            .queryForObject("SELECT current_setting('synchronous_commit')", String.class);
    return commit == null ? "" : commit;
  }

  private static InboxReceiver.Attempt attempt(boolean grouped) {
    return new InboxReceiver.Attempt() {
      @Override
      public Fence fence() {
        return FENCE;
      }

      @Override
      public boolean release() {
        return false;
      }

      @Override
      public boolean grouped() {
        return grouped;
      }

      @Override
      public void began(TransactionTarget target, int backendPid, String startedAt) {}
    };
  }
}
