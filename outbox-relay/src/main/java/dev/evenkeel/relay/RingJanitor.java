package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Empties what the rings no longer need. If it never runs, nothing is lost; the rings only grow.
 *
 * <p>Outbox, two steps per bucket, every lock NOWAIT so that nobody ever queues behind it. Seal: a
 * SHARE lock shows that no writer is inside the bucket, and then the snapshot S is recorded, which
 * sees every row in it. Truncate: no row is outside S, and under relay_state FOR SHARE, not
 * reconciling, H has caught up with S (xmin of H at or above xmax of S). The order matters: a row
 * that came after S is not covered by S, and a transaction that S did not see may have rows that
 * nobody published.
 *
 * <p>Inbox: a bucket whose newest {@code received_at}, by the database's clock, is older than the
 * window. Claim check: the same by {@code stored_at}, and an hour, because a payload is stored when
 * its message is appended, and the message ages from the end of that transaction only.
 */
final class RingJanitor {

  private static final Logger log = LoggerFactory.getLogger(RingJanitor.class);

  /** Between storing a payload and the commit, and for the last retries within the window. */
  private static final Duration CLAIM_MARGIN = Duration.ofHours(1);

  private static final Set<String> BUSY = Set.of("55P03", "40P01", "57014");

  private final String schema;
  private final JanitorOptions options;
  private final RelayGapTable gaps;

  RingJanitor(String schema, JanitorOptions options) {
    this.schema = schema;
    this.options = options;
    this.gaps = new RelayGapTable(schema);
  }

  /**
   * Goes over the rings once.
   *
   * @return names of the truncated partitions
   */
  List<String> sweep(Connection c) throws SQLException {
    List<String> truncated = new ArrayList<>();
    c.setAutoCommit(false);
    int outboxBuckets = number(c, "SELECT %s.outbox_ring_buckets()");
    for (int bucket = 0; bucket < outboxBuckets; bucket++) {
      int candidate = bucket;
      if (attempt(c, () -> sealOrTruncate(c, candidate))) {
        truncated.add(partition("outbox", bucket));
      }
    }
    Duration window = options.inboxWindow();
    truncated.addAll(sweepByAge(c, "inbox", "received_at", window));
    truncated.addAll(sweepByAge(c, "claim_check", "stored_at", window.plus(CLAIM_MARGIN)));
    attempt(c, () -> gaps.prune(c) > 0);
    c.setAutoCommit(true);
    if (!truncated.isEmpty()) {
      log.info("Emptied {}", truncated);
    }
    return truncated;
  }

  /** Over a ring that has the inbox's form and forgets what is older than so long. */
  private List<String> sweepByAge(Connection c, String ring, String column, Duration kept)
      throws SQLException {
    List<String> truncated = new ArrayList<>();
    int buckets = number(c, "SELECT %s.inbox_ring_buckets()");
    for (int bucket = 0; bucket < buckets; bucket++) {
      String partition = partition(ring, bucket);
      if (attempt(c, () -> truncateAged(c, partition, column, kept))) {
        truncated.add(partition);
      }
    }
    return truncated;
  }

  private interface Step {
    boolean run() throws SQLException;
  }

  private static boolean attempt(Connection c, Step step) throws SQLException {
    try {
      boolean done = step.run();
      c.commit();
      return done;
    } catch (SQLException e) {
      c.rollback();
      if (BUSY.contains(e.getSQLState())) {
        log.debug("A bucket is in use, the next sweep looks again: {}", e.getMessage());
        return false;
      }
      throw e;
    }
  }

  private boolean sealOrTruncate(Connection c, int bucket) throws SQLException {
    String partition = partition("outbox", bucket);
    if (!is(c, pastRetention(bucket)) || !is(c, "SELECT EXISTS (SELECT FROM " + partition + ")")) {
      return false;
    }
    if (is(c, "SELECT sealed IS NULL FROM %s.outbox_bucket WHERE bucket = " + bucket)) {
      seal(c, partition, bucket);
      return false;
    }
    return truncate(c, partition, bucket);
  }

  /**
   * Whether the bucket's last turn ended longer ago than the retention: by the clock and the ring's
   * form alone, because looking for its newest row would read it whole at every sweep.
   */
  private String pastRetention(int bucket) {
    return """
        SELECT ago > 0
               AND make_interval(secs => (ago - 1) * width + mod(now_seconds, width)) >= %s
          FROM (SELECT now_seconds, width,
                       mod(mod(now_seconds / width, buckets) - %d + buckets, buckets) AS ago
                  FROM (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint AS now_seconds,
                               %%1$s.outbox_ring_width_seconds()::bigint AS width,
                               %%1$s.outbox_ring_buckets()::bigint AS buckets) AS ring) AS turn
        """
        .formatted(interval(options.outboxRetention()), bucket);
  }

  private void seal(Connection c, String partition, int bucket) throws SQLException {
    execute(c, "LOCK TABLE " + partition + " IN SHARE MODE NOWAIT");
    // A statement of its own: under READ COMMITTED its snapshot is newer than the lock.
    execute(
        c,
        "UPDATE %s.outbox_bucket SET sealed = pg_current_snapshot(), sealed_at = clock_timestamp()"
            + " WHERE bucket = "
            + bucket);
  }

  private boolean truncate(Connection c, String partition, int bucket) throws SQLException {
    String published =
        "SELECT NOT s.reconciling AND pg_snapshot_xmin(s.published) >= pg_snapshot_xmax(b.sealed)"
            + " FROM %1$s.relay_state s, %1$s.outbox_bucket b WHERE b.bucket = "
            + bucket;
    if (!is(c, published)) {
      return false; // spares the lock and the scan
    }
    execute(c, "LOCK TABLE " + partition + " IN ACCESS EXCLUSIVE MODE NOWAIT");
    String outsideSeal =
        "SELECT EXISTS (SELECT FROM "
            + partition
            + " WHERE NOT pg_visible_in_snapshot(xid::text::xid8,"
            + " (SELECT sealed FROM %s.outbox_bucket WHERE bucket = "
            + bucket
            + ")))";
    if (is(c, outsideSeal)) {
      // Somebody wrote after the seal: it says nothing of those rows. Seal anew next time.
      execute(c, "UPDATE %s.outbox_bucket SET sealed = NULL WHERE bucket = " + bucket);
      return false;
    }
    // Last and briefly: while this is held the leader can't renew its lease.
    if (!is(c, published + " FOR SHARE OF s NOWAIT")) {
      return false;
    }
    execute(c, "TRUNCATE " + partition);
    execute(
        c,
        "UPDATE %s.outbox_bucket SET sealed = NULL, truncated_at = clock_timestamp() WHERE bucket = "
            + bucket);
    return true;
  }

  private boolean truncateAged(Connection c, String partition, String column, Duration kept)
      throws SQLException {
    String horizon = " < clock_timestamp() - " + interval(kept);
    String past = "SELECT max(" + column + ")" + horizon + " FROM " + partition;
    // Any one row that is younger spares the scan.
    if (!is(c, "SELECT " + column + horizon + " FROM " + partition + " LIMIT 1") || !is(c, past)) {
      return false;
    }
    execute(c, "LOCK TABLE " + partition + " IN ACCESS EXCLUSIVE MODE NOWAIT");
    if (!is(c, past)) {
      return false; // a row came in between
    }
    execute(c, "TRUNCATE " + partition);
    return true;
  }

  private String partition(String ring, int bucket) {
    return "%s.%s_%02d".formatted(schema, ring, bucket);
  }

  private static String interval(Duration duration) {
    return "interval '" + duration.toMillis() + " milliseconds'";
  }

  private boolean is(Connection c, String sql) throws SQLException {
    try (Statement statement = c.createStatement();
        ResultSet row = statement.executeQuery(sql.formatted(schema))) {
      return row.next() && row.getBoolean(1);
    }
  }

  private int number(Connection c, String sql) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(sql.formatted(schema));
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getInt(1);
    }
  }

  private void execute(Connection c, String sql) throws SQLException {
    RelayConnections.execute(c, sql.formatted(schema));
  }
}
