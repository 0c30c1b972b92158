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
import org.jspecify.annotations.Nullable;

/**
 * Sends from the ring, by position, what H does not see. Runs after the replication slot is in place
 * and every older transaction has ended, and before the stream is dispatched: what both bring, the
 * inbox tells apart.
 */
final class Reconciliation {

  private static final int FETCH = 500;

  private final String all;
  private final String unpublished;

  Reconciliation(String schema) {
    String select =
        """
        SELECT id, aggregatetype, aggregateid, type, version, payload, headers, created_at
          FROM %s.outbox
        """
            .formatted(schema);
    all = select + " ORDER BY position";
    unpublished =
        select
            + " WHERE NOT pg_visible_in_snapshot(xid::text::xid8, ?::pg_snapshot) ORDER BY position";
  }

  /**
   * Reads and sends.
   *
   * @param published H; null: nothing was ever published
   * @return how many messages were sent
   */
  long send(Connection connection, @Nullable PgSnapshot published, Dispatcher dispatcher)
      throws SQLException, InterruptedException {
    connection.setAutoCommit(false); // a cursor, so that memory stays bounded
    long sent = 0;
    try (PreparedStatement statement =
        connection.prepareStatement(published == null ? all : unpublished)) {
      statement.setFetchSize(FETCH);
      if (published != null) {
        statement.setString(1, published.text());
      }
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          dispatcher.sendFromRing(message(rows));
          sent++;
        }
      }
    }
    dispatcher.awaitRing();
    connection.rollback();
    return sent;
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
