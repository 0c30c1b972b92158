package dev.evenkeel.relay;

import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.OutboxMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends from the ring, by position, what H does not see: a reconciliation does so once, a polling
 * relay all the time. The rows are read on a thread of their own: sorting a large ring takes long,
 * and meanwhile the caller's thread keeps the lease. Memory is bounded by {@link #READ_AHEAD} rows.
 */
final class RingReader implements AutoCloseable {

  /** Rows under way between reader and sender; each may be as large as a payload may be. */
  private static final int READ_AHEAD = 64;

  private static final long WAIT_MILLIS = 50;

  private final String schema;
  private final Connection connection;
  private final BlockingQueue<Row> rows = new ArrayBlockingQueue<>(READ_AHEAD);
  private final ExecutorService thread;

  /** Makes one. */
  RingReader(String schema, Connection connection) {
    this.schema = schema;
    this.connection = connection;
    this.thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread reader = new Thread(task, "evenkeel-ring-reader-" + schema);
              reader.setDaemon(true);
              return reader;
            });
  }

  /**
   * What is sent: rows that H does not see.
   *
   * @param published H; null: nothing was ever published
   * @param until only of transactions before this one, all of which have ended; null: of all that
   *     are visible
   * @param after only from behind this position on
   * @param again whether the messages are marked as perhaps sent before
   */
  record Window(@Nullable PgSnapshot published, @Nullable Long until, long after, boolean again) {

    /** Whether no transaction can be in it. */
    boolean isEmpty() {
      return until != null && published != null && published.xmin() >= until;
    }

    private String sql(String schema) {
      return """
          SELECT position, id, aggregatetype, aggregateid, type, version, payload, headers, created_at
            FROM %s.outbox
           WHERE position > ?
          """
              .formatted(schema)
          + (until == null ? "" : " AND xid < ?")
          + (published == null
              ? ""
              // The first condition is there for the index, which knows no snapshots.
              : " AND xid >= ? AND NOT pg_visible_in_snapshot(xid::text::xid8, ?::pg_snapshot)")
          + " ORDER BY position";
    }

    private void bind(PreparedStatement statement) throws SQLException {
      int i = 1;
      statement.setLong(i++, after);
      if (until != null) {
        statement.setLong(i++, until);
      }
      if (published != null) {
        statement.setLong(i++, published.xmin());
        statement.setString(i, published.text());
      }
    }
  }

  /**
   * What came of a window.
   *
   * @param sent messages
   * @param complete false when the relay is to stop before all were sent
   */
  record Sent(long sent, boolean complete) {}

  private record Row(OutboxMessage message, long position) {}

  /** Hands a window's rows to the dispatcher. Does not wait until they are acknowledged. */
  Sent send(Window window, Dispatcher dispatcher) throws SQLException, InterruptedException {
    Future<?> reading =
        thread.submit(
            () -> {
              read(window);
              return null;
            });
    Long until = window.until();
    long sent = 0;
    boolean complete = true;
    try {
      while (complete && !(reading.isDone() && rows.isEmpty())) {
        Row next = rows.poll(WAIT_MILLIS, TimeUnit.MILLISECONDS);
        if (next == null) {
          complete = dispatcher.keepLease();
        } else {
          RingPosition place = until == null ? null : new RingPosition(until, next.position());
          complete = dispatcher.sendFromRing(next.message(), place);
          sent += complete ? 1 : 0;
        }
      }
      if (complete) {
        reading.get();
      }
    } catch (ExecutionException e) {
      throw new SQLException("the ring can't be read: " + e.getMessage(), e);
    } finally {
      if (!reading.isDone()) {
        connection.abort(Runnable::run); // closing would wait for the statement that runs
        reading.cancel(true);
      }
    }
    return new Sent(sent, complete);
  }

  private void read(Window window) throws SQLException, InterruptedException {
    connection.setAutoCommit(false); // a cursor, so that memory stays bounded
    try (PreparedStatement statement = connection.prepareStatement(window.sql(schema))) {
      statement.setFetchSize(READ_AHEAD);
      window.bind(statement);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          rows.put(new Row(message(result, window.again()), result.getLong("position")));
        }
      }
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  private static OutboxMessage message(ResultSet row, boolean again) throws SQLException {
    Map<String, String> headers = HeadersJson.read(row.getString("headers"));
    if (again) {
      headers = new HashMap<>(headers);
      headers.put(MessageHeaders.RECONCILED, "true");
    }
    return new OutboxMessage(
        row.getObject("id", UUID.class),
        row.getString("aggregatetype"),
        row.getString("aggregateid"),
        row.getString("type"),
        row.getInt("version"),
        row.getBytes("payload"),
        headers,
        row.getObject("created_at", OffsetDateTime.class).toInstant());
  }

  /** Ends the thread; the connection is the caller's. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
