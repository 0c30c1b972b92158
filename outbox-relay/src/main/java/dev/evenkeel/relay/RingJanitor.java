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
 * sees every row in it. Truncate: under relay_state FOR SHARE, not reconciling, when H has caught up
 * with S (xmin of H at or above xmax of S) and no row is outside S. The order matters: a row that
 * came after S is not covered by S, and a transaction that S did not see may have rows that nobody
 * published.
 *
 * <p>Inbox: a bucket whose newest {@code received_at}, by the database's clock, is older than the
 * window.
 */
final class RingJanitor {

  private static final Logger log = LoggerFactory.getLogger(RingJanitor.class);

  private static final Set<String> BUSY = Set.of("55P03", "40P01", "57014");

  private final String schema;
  private final JanitorOptions options;

  RingJanitor(String schema, JanitorOptions options) {
    this.schema = schema;
    this.options = options;
  }

  /**
   * Goes over both rings once.
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
    int inboxBuckets = number(c, "SELECT %s.inbox_ring_buckets()");
    for (int bucket = 0; bucket < inboxBuckets; bucket++) {
      int candidate = bucket;
      if (attempt(c, () -> truncateInbox(c, candidate))) {
        truncated.add(partition("inbox", bucket));
      }
    }
    c.setAutoCommit(true);
    if (!truncated.isEmpty()) {
      log.info("Emptied {}", truncated);
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
    if (!is(
        c,
        "SELECT EXISTS (SELECT FROM " + partition + ")"
            + " AND (SELECT max(created_at) FROM " + partition + ")"
            + " < clock_timestamp() - " + interval(options.outboxRetention()))) {
      return false; // empty, in use, or younger than the retention
    }
    if (is(c, "SELECT sealed IS NULL FROM %s.outbox_bucket WHERE bucket = " + bucket)) {
      seal(c, partition, bucket);
      return false;
    }
    return truncate(c, partition, bucket);
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
    if (!is(
        c,
        "SELECT NOT reconciling AND published IS NOT NULL FROM %s.relay_state FOR SHARE NOWAIT")) {
      return false;
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
    if (!is(
        c,
        "SELECT pg_snapshot_xmin(s.published) >= pg_snapshot_xmax(b.sealed)"
            + " FROM %1$s.relay_state s, %1$s.outbox_bucket b WHERE b.bucket = "
            + bucket)) {
      return false; // not all of it is published
    }
    execute(c, "TRUNCATE " + partition);
    execute(
        c,
        "UPDATE %s.outbox_bucket SET sealed = NULL, truncated_at = clock_timestamp() WHERE bucket = "
            + bucket);
    return true;
  }

  private boolean truncateInbox(Connection c, int bucket) throws SQLException {
    String partition = partition("inbox", bucket);
    String past =
        "SELECT EXISTS (SELECT FROM " + partition + ")"
            + " AND (SELECT max(received_at) FROM " + partition + ")"
            + " < clock_timestamp() - " + interval(options.inboxWindow());
    if (!is(c, past)) {
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
