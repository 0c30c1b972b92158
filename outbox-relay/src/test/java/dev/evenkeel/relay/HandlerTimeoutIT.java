package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.relay.crash.Signals;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** Handlers that take longer than they may. */
class HandlerTimeoutIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  /** Stands for the process id of a session that was stopped and goes on. */
  private static final long WOKEN = -1;

  private static final Pattern LANE = Pattern.compile("evenkeel-lane-\\d+");

  private static final LaneOptions LANES =
      new LaneOptions(
          8,
          2,
          Duration.ofMillis(100),
          3,
          Duration.ofMillis(20),
          Duration.ofMillis(100),
          Duration.ofSeconds(1),
          Duration.ofMillis(300));

  @Test
  void handlerThatHangsInTheDatabaseIsEndedThereAndItsKeyIsParked() {
    try (Installation installation = Installation.create()) {
      Ledger ledger =
          new Ledger(installation)
              .first(
                  (event, message) -> {
                    if (event.key().equals("slow")) {
                      installation.sql().queryForList("SELECT pg_sleep(60) AS handler_hangs");
                    }
                  });
      try (RelayNode node = started(installation, ledger)) {
        node.publish(new Counted("slow", 1), new Counted("slow", 2));
        node.publish(counted("quick", 1, 20));

        await().atMost(SOON).until(() -> ledger.handled("first", "quick").size() == 20);
        ParkedMessage dead = awaitDead(node);
        assertThat(sessionsThatHang(installation)).isZero();
        assertThat(ledger.handled("first", "slow")).isEmpty();

        ledger.first(Ledger.Behaviour.FINE);
        node.parked().retry("first", dead.message().id(), "operator");
        await().atMost(SOON).until(() -> ledger.handled("first", "slow").equals(List.of(1L, 2L)));
      }
    }
  }

  @Test
  void handlerThatWaitsInJavaIsInterruptedItsTransactionEndedAndItsKeyGoesOn() {
    try (Installation installation = Installation.create()) {
      AtomicInteger interrupted = new AtomicInteger();
      AtomicReference<String> transaction = new AtomicReference<>();
      Ledger ledger = new Ledger(installation);
      ledger.first(
          (event, message) -> {
            if (event.key().equals("slow") && interrupted.get() == 0) {
              transaction.set(
                  installation.sql().queryForObject("SELECT now()::text", String.class));
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupted.incrementAndGet();
                throw e;
              }
            }
          });
      try (RelayNode node = started(installation, ledger)) {
        node.publish(new Counted("slow", 1), new Counted("slow", 2));
        node.publish(counted("quick", 1, 20));

        await().atMost(SOON).until(() -> ledger.handled("first", "quick").size() == 20);
        await().atMost(SOON).until(() -> ledger.handled("first", "slow").equals(List.of(1L, 2L)));
        assertThat(interrupted.get()).isOne();
        assertThat(
                installation.count(
                    "SELECT count(*) FROM pg_stat_activity WHERE xact_start = ?::timestamptz",
                    transaction.get()))
            .isZero();
        assertThat(ledger.attempts("first", "slow")).containsExactly(1L, 1L, 2L);
      }
    }
  }

  @Test
  void handlerThatIgnoresInterruptsIsAbandonedAndItsMessageIsADeadLetter() {
    CountDownLatch end = new CountDownLatch(1);
    try (Installation installation = Installation.create()) {
      AtomicInteger calls = new AtomicInteger();
      Ledger ledger =
          new Ledger(installation)
              .first(
                  (event, message) -> {
                    if (event.key().equals("deaf") && calls.incrementAndGet() == 1) {
                      awaitDeafly(end);
                    }
                  });
      try (RelayNode node = started(installation, ledger)) {
        node.publish(new Counted("deaf", 1), new Counted("deaf", 2));
        node.publish(counted("quick", 1, 20));

        await().atMost(SOON).until(() -> ledger.handled("first", "quick").size() == 20);
        ParkedMessage dead = awaitDead(node);
        assertThat(dead.error()).contains("ignored its interrupt");

        node.parked().retry("first", dead.message().id(), "operator");
        await().atMost(SOON).until(() -> ledger.handled("first", "deaf").equals(List.of(1L, 2L)));
        assertThat(end.getCount()).isOne(); // all that beside a thread that is still stuck
      }
    } finally {
      end.countDown();
    }
  }

  /** A network that swallows everything: no thread that waits for it reacts to an interrupt. */
  @Test
  void deliveryThatWaitsForASilentDatabaseIsAnOutageAndNoDeadLetter() {
    CountDownLatch end = new CountDownLatch(1);
    AtomicBoolean silent = new AtomicBoolean();
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation).first(Ledger.Behaviour.FINE);
      DataSource database =
          new DelegatingDataSource(installation.dataSource()) {
            @Override
            public Connection getConnection() throws SQLException {
              boolean delivery = LANE.matcher(Thread.currentThread().getName()).matches();
              if (delivery && silent.compareAndSet(true, false)) {
                awaitDeafly(end);
              }
              return super.getConnection();
            }
          };
      try (RelayNode node =
          RelayNode.in(installation)
              .dataSource(database)
              .handlers(ledger.firstConsumer())
              .lanes(LANES)
              .start()) {
        silent.set(true);
        node.publish(new Counted("silent", 1), new Counted("silent", 2));

        await()
            .atMost(Duration.ofMinutes(1))
            .until(() -> ledger.handled("first", "silent").equals(List.of(1L, 2L)));
        assertThat(end.getCount()).isOne(); // all that beside a thread that still waits
        assertThat(
                installation.count(
                    "SELECT count(*) FROM evenkeel.parked_message WHERE reason = ?", "OUTAGE"))
            .isPositive();
        assertThat(node.parked().deadLetters(1)).isEmpty();
      }
    } finally {
      end.countDown();
    }
  }

  /** It answers whoever looks what the delivery waits for, and that thread has yet to hear. */
  @Test
  void databaseThatIsSilentUntilADeliveryIsJudgedWasAnOutage() {
    CountDownLatch end = new CountDownLatch(1);
    AtomicBoolean silent = new AtomicBoolean();
    CountDownLatch asked = new CountDownLatch(2); // to end the session, and for the judgement
    try (Installation installation = Installation.create()) {
      AtomicInteger calls = new AtomicInteger();
      DataSource database =
          new DelegatingDataSource(installation.dataSource()) {
            @Override
            public Connection getConnection() throws SQLException {
              if (silent.get() && LANE.matcher(Thread.currentThread().getName()).matches()) {
                asked.countDown();
                awaitDeafly(asked);
              }
              return super.getConnection();
            }
          };
      Ledger ledger =
          new Ledger(new JdbcTemplate(database))
              .first(
                  (event, message) -> {
                    if (calls.incrementAndGet() == 1) {
                      silent.set(true);
                      awaitDeafly(end);
                    }
                  });
      try (RelayNode node =
          RelayNode.in(installation)
              .dataSource(database)
              .handlers(ledger.firstConsumer())
              .lanes(LANES)
              .start()) {
        node.publish(new Counted("silent", 1), new Counted("silent", 2));

        await()
            .atMost(SOON)
            .until(
                () ->
                    ledger.handled("first", "silent").equals(List.of(1L, 2L))
                        || !node.parked().deadLetters(1).isEmpty());
        assertThat(node.parked().deadLetters(1)).as("an outage makes no dead letter").isEmpty();
        assertThat(asked.getCount()).isZero();
        assertThat(
                installation.count(
                    "SELECT count(*) FROM evenkeel.parked_message WHERE reason = ?", "OUTAGE"))
            .isPositive();
      }
    } finally {
      end.countDown();
    }
  }

  /** As one whose commit waits for a disk that stands still: it hears no signal. */
  @Test
  void sessionThatCantBeEndedIsNoProofAgainstItsHandler() throws InterruptedException {
    AtomicLong stopped = new AtomicLong();
    try (Installation installation = Installation.create()) {
      Ledger ledger =
          new Ledger(installation)
              .first(
                  (event, message) -> {
                    if (stopped.get() == 0) {
                      stopped.set(
                          installation.sql().queryForObject("SELECT pg_backend_pid()", Long.class));
                      Signals.send("STOP", stopped.get());
                      installation.sql().queryForObject("SELECT 1", Long.class);
                    }
                  });
      try (RelayNode node = started(installation, ledger)) {
        node.publish(new Counted("stalled", 1), new Counted("stalled", 2));

        await()
            .atMost(SOON)
            .until(
                () ->
                    installation.count("SELECT count(*) FROM evenkeel.parked_message") > 0
                        || !node.parked().deadLetters(1).isEmpty());
        assertThat(node.parked().deadLetters(1)).as("an outage makes no dead letter").isEmpty();
        Signals.send("CONT", stopped.getAndSet(WOKEN));
        await()
            .atMost(SOON)
            .until(() -> ledger.handled("first", "stalled").equals(List.of(1L, 2L)));
      }
    } finally {
      if (stopped.get() > 0) { // or its server would not stop
        Signals.send("CONT", stopped.get());
      }
    }
  }

  @Test
  void releaseThatIgnoresInterruptsIsAbandonedAndItsKeyCanBeTriedAgain() {
    CountDownLatch end = new CountDownLatch(1);
    try (Installation installation = Installation.create()) {
      AtomicInteger calls = new AtomicInteger();
      Ledger ledger =
          new Ledger(installation)
              .first(
                  (event, message) -> {
                    int call = calls.incrementAndGet();
                    if (call <= 2) {
                      throw new IllegalStateException("to be parked");
                    }
                    if (call == 3) {
                      awaitDeafly(end); // as a release
                    }
                  });
      try (RelayNode node = started(installation, ledger)) {
        node.publish(new Counted("deaf", 1), new Counted("deaf", 2));

        ParkedMessage dead =
            await()
                .atMost(SOON)
                .until(
                    () -> awaitDead(node),
                    found -> found.error().contains("ignored its interrupt"));
        node.parked().retry("first", dead.message().id(), "operator");
        await().atMost(SOON).until(() -> ledger.handled("first", "deaf").equals(List.of(1L, 2L)));
        assertThat(end.getCount()).isOne();
      }
    } finally {
      end.countDown();
    }
  }

  @Test
  void moreStuckHandlersThanPooledConnectionsAreEndedAll() {
    try (Installation installation = Installation.create();
        HikariDataSource pool = Installation.pool(installation.database(), 4)) {
      pool.setConnectionTimeout(30_000); // nothing may wait that long for a connection
      Ledger ledger = new Ledger(new JdbcTemplate(pool));
      ledger.first(
          (event, message) -> {
            if (ledger.attempts("first", event.key()).size() == 1) {
              new CountDownLatch(1).await();
            }
          });
      try (RelayNode node =
          RelayNode.in(installation)
              .dataSource(pool)
              .handlers(ledger.firstConsumer())
              .lanes(LANES)
              .start()) {
        RelayNode writer = RelayNode.in(installation).build();
        for (int key = 0; key < 8; key++) {
          writer.publish(new Counted("key" + key, 1));
        }

        await().atMost(Duration.ofSeconds(60)).until(() -> effects(installation) == 8);
      }
    }
  }

  private static ParkedMessage awaitDead(RelayNode node) {
    return await()
        .atMost(SOON)
        .until(() -> node.parked().deadLetters(1), found -> found.size() == 1)
        .get(0);
  }

  private static long effects(Installation installation) {
    return installation.count("SELECT count(*) FROM handled");
  }

  private static void awaitDeafly(CountDownLatch end) {
    while (end.getCount() > 0) {
      try {
        end.await();
      } catch (InterruptedException e) {
        continue; // deaf on purpose
      }
    }
  }

  private static long sessionsThatHang(Installation installation) {
    return installation.count(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%handler_hangs%' AND pid <>"
            + " pg_backend_pid() AND state = 'active'");
  }

  private static RelayNode started(Installation installation, Ledger ledger) {
    return RelayNode.in(installation).handlers(ledger.firstConsumer()).lanes(LANES).start();
  }

  private static Object[] counted(String key, long from, long to) {
    return LongStream.rangeClosed(from, to).mapToObj(n -> new Counted(key, n)).toArray();
  }
}
