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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends from the ring, by position, what H does not see. Runs after the replication slot is in
 * place and every older transaction has ended, and before the stream is dispatched: what both
 * bring, the inbox tells apart.
 */
final class Reconciliation {

  /** Rows under way between reader and sender; each may be as large as a payload may be. */
  private static final int READ_AHEAD = 64;

  private static final long WAIT_MILLIS = 50;

  private final Connection connection;
  private final @Nullable PgSnapshot published;
  private final String sql;
  private final BlockingQueue<OutboxMessage> rows = new ArrayBlockingQueue<>(READ_AHEAD);

  /**
   * Makes one.
   *
   * @param connection for this alone
   * @param published H; null: nothing was ever published
   */
  Reconciliation(String schema, Connection connection, @Nullable PgSnapshot published) {
    this.connection = connection;
    this.published = published;
    this.sql =
        """
        SELECT id, aggregatetype, aggregateid, type, version, payload, headers, created_at
          FROM %s.outbox
        """
                .formatted(schema)
            + (published == null
                ? ""
                : " WHERE NOT pg_visible_in_snapshot(xid::text::xid8, ?::pg_snapshot)")
            + " ORDER BY position";
  }

  /**
   * Sends and waits until everything is acknowledged. The rows are read on a thread of their own:
   * sorting a large ring takes long, and meanwhile this thread keeps the lease.
   *
   * @return how many messages were sent
   */
  long send(Dispatcher dispatcher) throws SQLException, InterruptedException {
    CompletableFuture<Void> reading = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try {
                read();
                reading.complete(null);
              } catch (SQLException | RuntimeException | InterruptedException e) {
                reading.completeExceptionally(e);
              }
            },
            "evenkeel-ring-reader");
    reader.setDaemon(true);
    reader.start();
    long sent = 0;
    try {
      while (!reading.isDone() || !rows.isEmpty()) {
        OutboxMessage next = rows.poll(WAIT_MILLIS, TimeUnit.MILLISECONDS);
        if (next == null) {
          dispatcher.keepLease();
        } else {
          dispatcher.sendFromRing(next);
          sent++;
        }
      }
      reading.join();
    } catch (CompletionException e) {
      throw new SQLException("the ring can't be read: " + e.getMessage(), e);
    } finally {
      if (!reading.isDone()) {
        connection.abort(Runnable::run); // closing would wait for the statement that runs
        reader.interrupt();
      }
    }
    dispatcher.awaitRing();
    return sent;
  }

  private void read() throws SQLException, InterruptedException {
    connection.setAutoCommit(false); // a cursor, so that memory stays bounded
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setFetchSize(READ_AHEAD);
      if (published != null) {
        statement.setString(1, published.text());
      }
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          rows.put(message(result));
        }
      }
    }
    connection.rollback();
  }

  private static OutboxMessage message(ResultSet row) throws SQLException {
    Map<String, String> headers = new HashMap<>(HeadersJson.read(row.getString("headers")));
    headers.put(MessageHeaders.RECONCILED, "true");
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
}
