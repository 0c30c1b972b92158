package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;

/** An installation that nobody writes to does not keep the server's WAL. */
class WalRetentionIT {

  private static final long MEBIBYTE = 1L << 20;

  @Test
  void idleInstallationKeepsLittleWal() throws SQLException {
    retainsLittle(Duration.ofSeconds(15), 16);
  }

  @Test
  @Tag("slow")
  void idleInstallationKeepsLittleWalForAMinute() throws SQLException {
    retainsLittle(Duration.ofSeconds(60), 64);
  }

  @Test
  @Tag("slow")
  void idleInstallationKeepsLittleWalForFiveMinutes() throws SQLException {
    retainsLittle(Duration.ofMinutes(5), 320);
  }

  /** Another database of the server writes evenly meanwhile. */
  private static void retainsLittle(Duration time, int mebibytes) throws SQLException {
    DatabaseInfo busy = TestDatabase.shared().createDatabase();
    try (Installation installation = Installation.create();
        RelayNode node = RelayNode.in(installation).start()) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> node.relay().status().state() == RelayState.STREAMING);
      JdbcTemplate writer = new JdbcTemplate(busy.dataSource());
      writer.execute("CREATE TABLE noise (bytes bytea)");
      // Random, so that it does not compress.
      String noise =
          "INSERT INTO noise SELECT string_agg(sha512((n || ' ' || random())::bytea), '') FROM generate_series(1, 16384) AS n";
      String before = slotPosition(installation);
      AtomicInteger written = new AtomicInteger();
      AtomicLong most = new AtomicLong();
      long begin = System.nanoTime();
      await()
          .atMost(time.plusSeconds(15))
          .pollInterval(time.dividedBy(4L * mebibytes))
          .until(
              () -> {
                double passed = (System.nanoTime() - begin) / (double) time.toNanos();
                if (written.get() < Math.min(mebibytes, passed * mebibytes)) {
                  writer.execute(noise);
                  written.incrementAndGet();
                }
                most.accumulateAndGet(node.relay().lag().retainedBytes(), Math::max);
                return passed >= 1 && written.get() == mebibytes;
              });

      assertThat(most.get()).isLessThan(40 * MEBIBYTE);
      assertThat(slotPosition(installation)).isNotEqualTo(before);
      assertThat(
              installation.count(
                  "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint"
                      + " FROM pg_replication_slots WHERE slot_name = ?",
                  installation.slotName()))
          .isLessThan(4 * MEBIBYTE);
    } finally {
      TestDatabase.shared().dropDatabase(busy);
    }
  }

  private static String slotPosition(Installation installation) {
    return String.valueOf(
        installation
            .sql()
            .queryForObject(
                "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = ?",
                String.class,
                installation.slotName()));
  }
}
