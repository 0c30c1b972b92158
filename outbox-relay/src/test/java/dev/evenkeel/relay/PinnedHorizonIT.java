package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.spi.MessageObserver;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Transactions that stay open pin what vacuum may remove, all the time, because the next one begins
 * before the last ends. Tables that live by updates and deletes swell then; the rings do not, and
 * nothing gets slower.
 */
class PinnedHorizonIT {

  private static final int PER_SECOND = 800;

  private final Installation installation = Installation.polled();

  @AfterEach
  void close() {
    installation.close();
  }

  /** What keeps the horizon where it is. */
  private enum Pin {
    READERS,
    WRITERS
  }

  @Test
  void streamIsIndifferentToWritersThatStay() throws Exception {
    run(RelayMode.CDC, Pin.WRITERS, Duration.ofSeconds(6));
  }

  @Test
  void pollingIsIndifferentToReadersThatStay() throws Exception {
    run(RelayMode.POLLING, Pin.READERS, Duration.ofSeconds(6));
  }

  @Test
  @Tag("slow")
  void streamIsIndifferentToReadersForThreeMinutes() throws Exception {
    run(RelayMode.CDC, Pin.READERS, Duration.ofMinutes(3));
  }

  @Test
  @Tag("slow")
  void streamIsIndifferentToWritersForNinetySeconds() throws Exception {
    run(RelayMode.CDC, Pin.WRITERS, Duration.ofSeconds(90));
  }

  @Test
  @Tag("slow")
  void pollingIsIndifferentToReadersForThreeMinutes() throws Exception {
    run(RelayMode.POLLING, Pin.READERS, Duration.ofMinutes(3));
  }

  @Test
  @Tag("slow")
  void pollingIsIndifferentToWritersForNinetySeconds() throws Exception {
    run(RelayMode.POLLING, Pin.WRITERS, Duration.ofSeconds(90));
  }

  /** Delays in the order in which the messages took effect. */
  private static final class Delays implements MessageObserver {

    private final List<Duration> all = new ArrayList<>();

    @Override
    public synchronized void handled(String consumer, Duration sinceAppend) {
      all.add(sinceAppend);
    }

    private synchronized Duration medianOf(double from, double to) {
      List<Duration> part =
          all.subList((int) (all.size() * from), (int) (all.size() * to)).stream()
              .sorted()
              .toList();
      return part.get(part.size() / 2);
    }
  }

  private void run(RelayMode mode, Pin pin, Duration length) throws Exception {
    Delays delays = new Delays();
    Duration stay =
        length.dividedBy(3).compareTo(Duration.ofSeconds(30)) < 0
            ? length.dividedBy(3)
            : Duration.ofSeconds(30);
    installation.sql().execute("CREATE TABLE touched (n bigserial)");
    ScheduledExecutorService pins = Executors.newScheduledThreadPool(1);
    List<Connection> open = new ArrayList<>();
    try (RelayNode node =
        RelayNode.in(installation)
            .relay(options -> options.withMode(mode))
            .observer(delays)
            .handlers(new EffectHandler(installation.sql()))
            .start()) {
      node.publish(new Counted("first", 1));
      await().atMost(Duration.ofSeconds(60)).until(() -> effects() == 1);
      pins.scheduleAtFixedRate(
          () -> turn(open, pin), 0, stay.toMillis() / 2, TimeUnit.MILLISECONDS);
      long sent = write(node, length);
      await().atMost(Duration.ofSeconds(60)).until(() -> effects() == sent + 1);
    } finally {
      pins.shutdownNow();
      pins.awaitTermination(10, TimeUnit.SECONDS);
      for (Connection c : open) {
        c.close();
      }
    }
    assertThat(delays.medianOf(2 / 3.0, 1))
        .as("delay in the last third, beside %s in the first", delays.medianOf(0, 1 / 3.0))
        .isLessThan(delays.medianOf(0, 1 / 3.0).multipliedBy(3).plusMillis(20));
    assertThat(
            installation.count(
                """
                SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables
                 WHERE schemaname = 'evenkeel' AND relname NOT IN ('relay_state', 'outbox_bucket')
                """))
        .as("dead tuples of all tables that messages go through")
        .isLessThan(100);
  }

  /** Ends the transaction before the last one, after another has begun. */
  private void turn(List<Connection> open, Pin pin) {
    try {
      Connection c = installation.dataSource().getConnection();
      open.add(c);
      c.setAutoCommit(false);
      c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try (Statement statement = c.createStatement()) {
        statement.execute(pin == Pin.READERS ? "SELECT 1" : "INSERT INTO touched DEFAULT VALUES");
      }
      if (open.size() > 2) {
        open.remove(0).close(); // rolls back
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long write(RelayNode node, Duration length) {
    AtomicLong sent = new AtomicLong();
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < length.toNanos()) {
      long n = sent.incrementAndGet();
      node.publish(new Counted("key" + n % 50, n));
      node.relay().wake();
      LockSupport.parkNanos(begin + n * 1_000_000_000L / PER_SECOND - System.nanoTime());
    }
    return sent.get();
  }

  private long effects() {
    return installation.count("SELECT count(*) FROM effect");
  }
}
