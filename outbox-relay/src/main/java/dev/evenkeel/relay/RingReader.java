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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends from the ring, by position, what H does not see: a reconciliation does so once, a relay
 * that polls all the time.
 *
 * <p>What is sent at a time is a window: the rows that a snapshot S sees and H does not. Every
 * transaction that S sees has ended, so nothing can still come into a window; a transaction that
 * commits late is in a later one, however low its positions are. And if S sees a transaction it
 * sees those that the transaction waited for, so no row is sent before one that a row lock put in
 * front of it. Bounding the window by transaction ids instead would not give that: the second
 * writer of a key may have drawn the lower id.
 *
 * <p>S and the first page are of one repeatable-read transaction, so of one server and one moment.
 * A row is visible before it is durable where its writer does not wait for the WAL; nothing is sent
 * before it is durable, because a crash would take it back.
 *
 * <p>Rows are read on a thread of their own: sorting a large ring takes long, and meanwhile the
 * caller's thread keeps the lease. They are read in pages, so that no snapshot is held for as long
 * as receivers take. Memory is bounded by {@link #READ_AHEAD_BYTES}, a single larger row aside.
 */
final class RingReader implements AutoCloseable {

  private static final int PAGE = 50_000;
  private static final int FETCH = 64;
  private static final int READ_AHEAD_BYTES = 16 << 20;
  private static final int ROW_OVERHEAD_BYTES = 1_024;
  private static final long WAIT_MILLIS = 50;

  private final String schema;
  private final Term term;
  private final Connection connection;
  private final BlockingQueue<Read> rows = new LinkedBlockingQueue<>();
  private final Semaphore room = new Semaphore(READ_AHEAD_BYTES);
  private final ExecutorService thread;

  /**
   * Makes one.
   *
   * @param connection for this alone, in auto-commit mode
   */
  RingReader(String schema, Term term, Connection connection) {
    this.schema = schema;
    this.term = term;
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
   * Which window is sent.
   *
   * @param published H; null: nothing was ever published
   * @param begun where a window goes on that an earlier term began; null: S is drawn now
   * @param again whether the messages are marked as perhaps sent before
   */
  record Window(@Nullable PgSnapshot published, @Nullable RingPosition begun, boolean again) {}

  /**
   * What came of a window.
   *
   * @param messages how many were sent
   * @param upTo S
   * @param drawnAt the database's clock when S was drawn; null: an earlier term drew it
   */
  record Sent(long messages, PgSnapshot upTo, @Nullable String drawnAt) {}

  /** What goes from the reader's thread to the sender's. */
  private sealed interface Read {}

  private record Row(OutboxMessage message, RingPosition place, int cost) implements Read {}

  /** Nothing comes any more, for whatever reason. */
  private record End() implements Read {}

  /**
   * Hands a window's rows to the dispatcher. Does not wait until they are acknowledged.
   *
   * @return null when the relay is to stop before all were sent
   */
  @Nullable Sent send(Window window, Dispatcher dispatcher)
      throws SQLException, InterruptedException {
    Future<Sent> reading =
        thread.submit(
            () -> {
              try {
                return read(window);
              } finally {
                rows.add(new End()); // nobody waits for a row that does not come
              }
            });
    boolean goesOn = true;
    try {
      while (goesOn) {
        Read next = rows.poll(WAIT_MILLIS, TimeUnit.MILLISECONDS);
        if (next == null) {
          goesOn = dispatcher.keepLease();
        } else if (next instanceof Row row) {
          room.release(row.cost());
          goesOn = dispatcher.sendFromRing(row.message(), row.place());
        } else {
          return reading.get();
        }
      }
      return null;
    } catch (ExecutionException e) {
      throw new SQLException("the ring can't be read: " + e.getMessage(), e);
    } finally {
      if (!reading.isDone()) {
        connection.abort(Runnable::run); // closing would wait for the statement that runs
        reading.cancel(true);
      }
    }
  }

  private Sent read(Window window) throws SQLException, InterruptedException {
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false); // also for the cursor: pages may have large rows
    RingPosition begun = window.begun();
    Drawn drawn = draw();
    PgSnapshot upTo = begun == null ? drawn.snapshot() : begun.window();
    Progress progress = new Progress(upTo, begun == null ? 0 : begun.position());
    if (!upTo.equals(window.published())) {
      do {
        progress.page = 0;
        page(window, drawn, progress);
        connection.commit();
      } while (progress.page == PAGE);
    }
    connection.setAutoCommit(true); // ends what an empty window left open
    return new Sent(progress.messages, upTo, begun == null ? drawn.at() : null);
  }

  /** How far the reading of a window has come. */
  private static final class Progress {

    private final PgSnapshot upTo;
    private long position;
    private long messages;
    private int page;

    Progress(PgSnapshot upTo, long position) {
      this.upTo = upTo;
      this.position = position;
    }
  }

  /**
   * A snapshot and what belongs to it.
   *
   * @param written everything that the snapshot sees stands before this position of the WAL
   */
  private record Drawn(PgSnapshot snapshot, String at, String written) {}

  /** The first statement of the transaction: its snapshot is that of the whole. */
  private Drawn draw() throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(
                "SELECT pg_current_snapshot()::text, clock_timestamp()::text, pg_current_wal_insert_lsn()::text");
        ResultSet row = statement.executeQuery()) {
      row.next();
      return new Drawn(PgSnapshot.parse(row.getString(1)), row.getString(2), row.getString(3));
    }
  }

  private void page(Window window, Drawn drawn, Progress progress)
      throws SQLException, InterruptedException {
    PgSnapshot published = window.published();
    // What H does not see, in a form that an index can serve. Rows of a transaction that S knows
    // nothing of are not this cluster's.
    String sql =
        """
        SELECT position, id, aggregatetype, aggregateid, type, version, payload, headers, created_at
          FROM %s.outbox
         WHERE position > ? AND xid < ? AND pg_visible_in_snapshot(xid::text::xid8, ?::pg_snapshot)
           %s
         ORDER BY position LIMIT %d
        """
            .formatted(schema, published == null ? "" : "AND (xid >= ? OR xid = ANY (?))", PAGE);
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setFetchSize(FETCH);
      statement.setLong(1, progress.position);
      statement.setLong(2, progress.upTo.xmax());
      statement.setString(3, progress.upTo.text());
      if (published != null) {
        statement.setLong(4, published.xmax());
        statement.setArray(5, connection.createArrayOf("bigint", published.inProgressIds()));
      }
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          if (progress.messages == 0) {
            term.awaitDurable(connection, drawn.written());
          }
          put(row(result, progress.upTo, window.again()));
          progress.position = result.getLong("position");
          progress.messages++;
          progress.page++;
        }
      }
    }
  }

  private void put(Row row) throws InterruptedException {
    room.acquire(row.cost());
    rows.put(row);
  }

  private static Row row(ResultSet row, PgSnapshot window, boolean again) throws SQLException {
    Map<String, String> headers = HeadersJson.stored(row.getString("headers"));
    if (again) {
      headers = new HashMap<>(headers);
      headers.put(MessageHeaders.RECONCILED, "true");
    }
    byte[] payload = row.getBytes("payload");
    OutboxMessage message =
        new OutboxMessage(
            row.getObject("id", UUID.class),
            row.getString("aggregatetype"),
            row.getString("aggregateid"),
            row.getString("type"),
            row.getInt("version"),
            payload,
            headers,
            row.getObject("created_at", OffsetDateTime.class).toInstant());
    return new Row(
        message,
        new RingPosition(window, row.getLong("position")),
        Math.min(payload.length + ROW_OVERHEAD_BYTES, READ_AHEAD_BYTES));
  }

  /** Ends the thread; the connection is the caller's. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
