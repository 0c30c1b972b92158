package dev.evenkeel.bench;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGStatement;

/**
 * Writes progress and ends of one home database's sagas, in batches, on one thread: while a batch
 * commits, the next one gathers. Progress that no end follows soon waits for {@link #DEFERRED};
 * most sagas end before and carry theirs along. Also renews the node's lease.
 */
final class BareProgress implements AutoCloseable {

  private static final Duration DEFERRED = Duration.ofMillis(50);
  private static final Duration RENEWAL = Duration.ofSeconds(1);
  private static final int LARGEST_BATCH = 500;

  private static final String WRITE =
      """
      WITH written AS (
          UPDATE %1$s.saga_instance i
             SET progress = n.progress::jsonb, version = i.version + 1,
                 state = CASE WHEN n.ended THEN 'COMPLETED' ELSE i.state END,
                 ended_at = CASE WHEN n.ended THEN clock_timestamp() END
            FROM unnest(?::uuid[], ?::bigint[], ?::text[], ?::boolean[])
                 AS n (id, version, progress, ended)
           WHERE i.id = n.id AND i.epoch = 1 AND i.version = n.version
             AND set_config('synchronous_commit', 'on', true) = 'on'
          RETURNING i.id, n.ended
      ), gone AS (
          DELETE FROM %1$s.saga_wake w USING written WHERE w.saga_id = written.id AND written.ended
      )
      SELECT id FROM written
      """
          .formatted(SagaDatabases.SCHEMA);

  private static final String RENEW =
      """
      INSERT INTO %1$s.saga_node AS n (name, lease_until)
      VALUES ('bare', clock_timestamp() + interval '5 s')
          ON CONFLICT (name) DO UPDATE SET lease_until = EXCLUDED.lease_until
      RETURNING clock_timestamp() + interval '1 h'
      """
          .formatted(SagaDatabases.SCHEMA);

  /** A saga of epoch 1. */
  static final class Saga {

    private final UUID id;
    private final CountDownLatch written = new CountDownLatch(1);
    private volatile boolean ended;
    private long version; // the writing thread's

    Saga(UUID id) {
      this.id = id;
    }
  }

  /**
   * What is to be written.
   *
   * @param progress the steps that are done, as JSON
   * @param at when it was added, by {@link System#nanoTime()}
   */
  private record News(Saga saga, String progress, boolean ended, long at) {}

  private final Connection connection;
  private final LinkedBlockingQueue<News> ends = new LinkedBlockingQueue<>();
  private final ConcurrentLinkedQueue<News> deferred = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private volatile OffsetDateTime notAfter;
  private volatile @Nullable Exception failure;

  /**
   * Begins to write.
   *
   * @param connection to the home database; its own, so that it waits for nobody's
   */
  BareProgress(Connection connection) throws SQLException {
    this.connection = connection;
    this.notAfter = renew();
    this.thread = new Thread(this::writeUntilClosed, "bare-progress");
    thread.setDaemon(true);
    thread.start();
  }

  /** An hour after the last renewal of the lease, by the home database's clock. */
  OffsetDateTime notAfter() {
    return notAfter;
  }

  /** Has the progress written before long, unless the end comes first. */
  void defer(Saga saga, String progress) {
    deferred.add(new News(saga, progress, false, System.nanoTime()));
  }

  /** Has the end written now, and returns after its commit. */
  void end(Saga saga, String progress) {
    saga.ended = true;
    ends.add(new News(saga, progress, true, System.nanoTime()));
    try {
      while (!saga.written.await(1, TimeUnit.SECONDS)) {
        if (failure != null) {
          throw new IllegalStateException("Nothing is written any more", failure);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted before saga %s ended".formatted(saga.id), e);
    }
  }

  private void writeUntilClosed() {
    long renewAt = System.nanoTime() + RENEWAL.toNanos();
    try {
      while (true) {
        List<News> batch = nextBatch();
        if (!batch.isEmpty()) {
          write(batch);
        }
        if (System.nanoTime() - renewAt > 0) {
          notAfter = renew();
          renewAt = System.nanoTime() + RENEWAL.toNanos();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    } catch (SQLException | RuntimeException e) {
      failure = e;
    }
  }

  private List<News> nextBatch() throws InterruptedException {
    List<News> batch = new ArrayList<>();
    News end = ends.poll(DEFERRED.toMillis(), TimeUnit.MILLISECONDS);
    if (end != null) {
      batch.add(end);
      ends.drainTo(batch, LARGEST_BATCH - 1);
    }
    Map<Saga, News> last = new LinkedHashMap<>();
    long due = System.nanoTime() - DEFERRED.toNanos();
    for (News oldest = deferred.peek();
        oldest != null && oldest.at() - due < 0 && last.size() < LARGEST_BATCH;
        oldest = deferred.peek()) {
      deferred.remove();
      if (!oldest.saga().ended) {
        last.put(oldest.saga(), oldest);
      }
    }
    batch.addAll(last.values());
    return batch;
  }

  /** One statement, which commits by itself. */
  private void write(List<News> batch) throws SQLException {
    Map<UUID, News> open = new LinkedHashMap<>();
    batch.forEach(news -> open.put(news.saga().id, news));
    try (PreparedStatement write = connection.prepareStatement(WRITE)) {
      // Planned anew each time: a plan made while the table was nearly empty would read all of it.
      write.unwrap(PGStatement.class).setPrepareThreshold(0);
      write.setArray(1, array("uuid", batch, news -> news.saga().id));
      write.setArray(2, array("int8", batch, news -> news.saga().version));
      write.setArray(3, array("text", batch, News::progress));
      write.setArray(4, array("bool", batch, News::ended));
      try (ResultSet rows = write.executeQuery()) {
        while (rows.next()) {
          written(open.remove(rows.getObject(1, UUID.class)));
        }
      }
    }
    if (!open.isEmpty()) {
      throw new IllegalStateException("Sagas %s are not ours".formatted(open.keySet()));
    }
  }

  private static void written(@Nullable News news) {
    if (news != null) {
      news.saga().version++;
      if (news.ended()) {
        news.saga().written.countDown();
      }
    }
  }

  private Array array(String type, List<News> batch, Function<News, Object> value)
      throws SQLException {
    return connection.createArrayOf(type, batch.stream().map(value).toArray());
  }

  private OffsetDateTime renew() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(RENEW)) {
      row.next();
      return row.getObject(1, OffsetDateTime.class);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
