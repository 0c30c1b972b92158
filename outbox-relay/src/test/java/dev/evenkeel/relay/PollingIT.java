package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.testing.database.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A relay that polls keeps what the relay promises. */
@Tag("postgres-matrix")
class PollingIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final Installation installation = Installation.polled();
  private final EffectHandler handler = new EffectHandler(installation.sql());

  @AfterEach
  void close() {
    installation.close();
  }

  private RelayNode.Builder node(String name) {
    return RelayNode.in(installation)
        .named(name)
        .relay(options -> options.withMode(RelayMode.POLLING))
        .handlers(handler);
  }

  private long effects() {
    return installation.count("SELECT count(*) FROM effect");
  }

  private void awaitEffects(long expected) {
    await("every committed message takes effect once")
        .atMost(SOON)
        .until(() -> effects() == expected);
  }

  @Test
  void committedEventsTakeEffectOnceInTheirOrderWithoutAReplicationSlot() {
    try (RelayNode node = node("a").start()) {
      for (long n = 1; n <= 200; n++) {
        node.publish(new Counted("a", n), new Counted("b", n));
      }
      awaitEffects(400);
      assertThat(versions("a")).containsExactlyElementsOf(numbers(200));
      assertThat(versions("b")).containsExactlyElementsOf(numbers(200));
      assertThat(
              installation.count(
                  "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"))
          .isZero();
      RelayStatus status = node.relay().status();
      assertThat(status.state()).isEqualTo(RelayState.POLLING);
      assertThat(status.choice()).contains("polling");
      assertThat(status.findings()).isEmpty();
    }
  }

  private List<Long> versions(String key) {
    return handler.attempts().stream()
        .filter(event -> event.key().equals(key))
        .map(Counted::version)
        .toList();
  }

  private static List<Long> numbers(long to) {
    return LongStream.rangeClosed(1, to).boxed().toList();
  }

  @Test
  void everythingPublishedIsKnownAsPublishedAndTheNextLeaderSendsNothingAgain() {
    try (RelayNode node = node("a").start()) {
      node.publish(LongStream.rangeClosed(1, 100).mapToObj(n -> new Counted("a", n)).toArray());
      awaitEffects(100);
      awaitPublished();
    }
    try (RelayNode node = node("b").start()) {
      node.publish(new Counted("a", 101));
      awaitEffects(101);
    }
    assertThat(versions("a")).containsExactlyElementsOf(numbers(101));
  }

  /** Until H sees every row and no reconciliation is under way. */
  private void awaitPublished() {
    await()
        .atMost(SOON)
        .until(
            () ->
                installation.count(
                        """
                        SELECT count(*) FROM evenkeel.relay_state s
                         WHERE NOT reconciling
                           AND NOT EXISTS (SELECT FROM evenkeel.outbox o
                                            WHERE NOT pg_visible_in_snapshot(o.xid::text::xid8, s.published))
                        """)
                    == 1);
  }

  @Test
  void transactionThatCommitsLateIsNeverSkipped() throws Exception {
    try (RelayNode node = node("a").start();
        Connection late = installation.dataSource().getConnection()) {
      late.setAutoCommit(false);
      try (Statement statement = late.createStatement()) {
        statement.execute(insert("late", 1)); // its positions and its id are the lowest of all
        node.publish(new Counted("a", 1), new Counted("a", 2));
        statement.execute(insert("late", 2));
        node.publish(new Counted("a", 3));
        awaitEffects(3); // it holds nobody up
        // And H never says that it was published.
        awaitPublished();
        assertThat(isPublished(late)).isFalse();
        late.commit();
      }
      awaitEffects(5);
      assertThat(versions("late")).containsExactly(1L, 2L);
      assertThat(versions("a")).containsExactly(1L, 2L, 3L);
    }
  }

  private boolean isPublished(Connection writer) throws SQLException {
    long xid;
    try (Statement statement = writer.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_current_xact_id()::text::bigint")) {
      row.next();
      xid = row.getLong(1);
    }
    return installation.count(
            "SELECT count(*) FROM evenkeel.relay_state WHERE pg_visible_in_snapshot(?::text::xid8, published)",
            xid)
        == 1;
  }

  private static String insert(String key, long version) {
    return """
        INSERT INTO evenkeel.outbox (id, aggregatetype, aggregateid, type, version, slot, payload)
        VALUES (gen_random_uuid(), 'counter', '%s', 'counted', 1, 0, convert_to('{"key":"%s","version":%d}', 'UTF8'))
        """
        .formatted(key, key, version);
  }

  @Test
  void whatIsNotAcknowledgedIsNotPublished() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    EffectHandler slow =
        new EffectHandler(
            installation.sql(),
            event -> {
              try {
                release.await(15, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    try (RelayNode node =
        RelayNode.in(installation)
            .relay(options -> options.withMode(RelayMode.POLLING))
            .handlers(slow)
            .start()) {
      node.publish(new Counted("a", 1));
      await().atMost(SOON).until(() -> slow.attempts().size() == 1);
      await("what is not acknowledged does not count as published")
          // long enough for some windows and writes of H
          .during(Duration.ofSeconds(1))
          .atMost(SOON)
          .until(
              () ->
                  installation.count(
                          """
                          SELECT count(*) FROM evenkeel.outbox, evenkeel.relay_state
                           WHERE pg_visible_in_snapshot(xid::text::xid8, published)
                          """)
                      == 0);
      release.countDown();
      awaitEffects(1);
      awaitPublished();
    }
  }

  @Test
  void readersHoldNothingUpHoweverLongTheyRead() throws Exception {
    try (RelayNode node = node("a").start();
        Connection reader = installation.dataSource().getConnection()) {
      reader.setAutoCommit(false);
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try (Statement statement = reader.createStatement()) {
        statement.execute("SELECT count(*) FROM evenkeel.outbox");
        node.publish(new Counted("a", 1));
        awaitEffects(1);
        awaitPublished();
      }
      reader.rollback();
    }
  }

  @Test
  void writersThatCommitInAnyOrderLoseNothingAndOrderPerKeyHolds() throws Exception {
    installation.sql().execute("CREATE TABLE counter (key text PRIMARY KEY, version bigint)");
    for (int key = 0; key < 4; key++) {
      installation.sql().update("INSERT INTO counter VALUES (?, 0)", "k" + key);
    }
    int writers = 8;
    int each = 40;
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    try (RelayNode node = node("a").start()) {
      List<Future<?>> running = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        running.add(threads.submit(countUp(node, each)));
      }
      for (Future<?> future : running) {
        future.get(60, TimeUnit.SECONDS);
      }
      awaitEffects((long) writers * each);
      for (int key = 0; key < 4; key++) {
        List<Long> seen = versions("k" + key);
        assertThat(seen).isEqualTo(numbers(seen.size()));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** Takes a key's row, works for a moment, and appends; ids are drawn earlier than they commit. */
  private Callable<Void> countUp(RelayNode node, int times) {
    return () -> {
      for (int n = 0; n < times; n++) {
        String key = "k" + ThreadLocalRandom.current().nextInt(4);
        node.transactions()
            .executeWithoutResult(
                status -> {
                  installation
                      .sql()
                      .queryForObject("SELECT pg_current_xact_id()::text", String.class);
                  LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(3_000_000));
                  Long version =
                      installation
                          .sql()
                          .queryForObject(
                              "UPDATE counter SET version = version + 1 WHERE key = ? RETURNING version",
                              Long.class,
                              key);
                  node.outbox().append(new Counted(key, version));
                });
      }
      return null;
    };
  }

  @Test
  void appendOfTheSameProcessIsSeenBeforeThePauseIsOver() {
    try (RelayNode node =
        node("a")
            .relay(
                options ->
                    options
                        .withMode(RelayMode.POLLING)
                        .withPolling(
                            new PollingOptions(Duration.ofMillis(5), Duration.ofSeconds(10))))
            .start()) {
      node.publish(new Counted("a", 1));
      awaitEffects(1);
      awaitPublished();
      assertThat(
              IntStream.rangeClosed(2, 4)
                  .takeWhile(n -> timeToEffect(node, n).compareTo(Duration.ofMillis(1500)) >= 0)
                  .count())
          .as("tries until one was in time")
          .isLessThan(3);
    }
  }

  /** 3.5 s after the last row the pause of 2.56 s has more than 1.5 s to go. */
  private Duration timeToEffect(RelayNode node, int n) {
    await().during(Duration.ofMillis(3500)).atMost(SOON).until(() -> effects() == n - 1);
    long before = System.nanoTime();
    node.publish(new Counted("a", n));
    node.relay().wake();
    awaitEffects(n);
    return Duration.ofNanos(System.nanoTime() - before);
  }

  @Test
  void rowsOfAnotherClusterAreSentOnceAndCanBeTruncatedLater() {
    try (RelayNode node = node("a").start()) {
      node.publish(new Counted("a", 1));
      awaitEffects(1);
      awaitPublished();
    }
    // A dump restored elsewhere: ids of transactions that this cluster has not reached.
    installation
        .sql()
        .execute(
            insert("a", 2)
                .replace("slot, payload", "xid, slot, payload")
                .replace("1, 0, convert", "1, 900000000000, 0, convert"));
    installation.sql().execute("UPDATE evenkeel.relay_state SET system_identifier = '1'");
    try (RelayNode node = node("b").start()) {
      await("rows of another cluster are sent")
          .atMost(SOON)
          .until(() -> versions("a").contains(2L));
      node.publish(new Counted("a", 3));
      await().atMost(SOON).until(() -> versions("a").contains(3L));
      awaitPublished();
      assertThat(node.relay().status().gaps()).isEqualTo(1);
    }
    assertThat(effects()).isEqualTo(3);
    assertThat(installation.count("SELECT count(*) FROM evenkeel.outbox WHERE xid > 800000000000"))
        .isZero();
  }

  @Test
  void nothingIsSentBeforeItIsDurable() {
    // The WAL's writer sleeps, so what a transaction leaves to it stays in memory.
    try (PostgresServer server =
            PostgresServer.builder().setting("wal_writer_delay", "10s").start();
        Installation lazy = Installation.in(server.createDatabase("app"))) {
      Queue<Boolean> durable = new ConcurrentLinkedQueue<>();
      EffectHandler early =
          new EffectHandler(
              lazy.sql(),
              event ->
                  durable.add(
                      Boolean.TRUE.equals(
                          lazy.sql()
                              .queryForObject(
                                  "SELECT pg_current_wal_flush_lsn() >= (SELECT max(committed) FROM mark WHERE version = ?)",
                                  Boolean.class,
                                  event.version()))));
      lazy.sql().execute("CREATE UNLOGGED TABLE mark (version bigint, committed pg_lsn)");
      try (RelayNode node =
          RelayNode.in(lazy).relay(PollingIT::pollsAndSeldomRenews).handlers(early).start()) {
        await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.POLLING);
        for (long n = 1; n <= 20; n++) {
          long version = n;
          node.transactions()
              .executeWithoutResult(
                  status -> {
                    lazy.sql().execute("SET LOCAL synchronous_commit = off");
                    node.outbox().append(new Counted("a", version));
                    lazy.sql()
                        .update("INSERT INTO mark SELECT ?, pg_current_wal_insert_lsn()", version);
                  });
          node.relay().wake();
          await().atMost(SOON).until(() -> durable.size() == version);
        }
      }
      assertThat(durable).as("what is sent is durable").containsOnly(true);
    }
  }

  /** Each renewal is a commit, which would make durable what stands before it. */
  private static RelayOptions pollsAndSeldomRenews(RelayOptions o) {
    return new RelayOptions(
            o.schema(),
            o.node(),
            Duration.ofMinutes(1),
            o.contend(),
            Duration.ofSeconds(10),
            o.pollInterval(),
            o.maxInFlight(),
            o.maxInFlightBytes(),
            o.drain(),
            o.janitor())
        .withMode(RelayMode.POLLING);
  }
}
