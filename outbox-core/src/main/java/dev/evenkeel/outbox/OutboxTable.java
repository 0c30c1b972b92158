package dev.evenkeel.outbox;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/**
 * Statements on {@code outbox}. bucket, position, xid and created_at are the database's defaults.
 */
final class OutboxTable implements OutboxWriter {

  /** Rows per statement: bounds the arrays that a transaction of very many messages needs. */
  private static final int ROWS_PER_STATEMENT = 1_000;

  private final String insertOne;
  private final String insertMany;

  OutboxTable(String schema) {
    insertOne =
        """
        INSERT INTO %s.outbox (id, aggregatetype, aggregateid, type, version, slot, headers, payload)
        VALUES (?, ?, ?, ?, ?, ?, ?::jsonb, ?)
        """
            .formatted(schema);
    insertMany =
        """
        INSERT INTO %s.outbox (id, aggregatetype, aggregateid, type, version, slot, headers, payload)
        SELECT m.id, m.aggregatetype, m.aggregateid, m.type, m.version, m.slot, m.headers::jsonb, m.payload
          FROM unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::int[], ?::int[], ?::text[], ?::bytea[])
               WITH ORDINALITY AS m (id, aggregatetype, aggregateid, type, version, slot, headers, payload, n)
         ORDER BY m.n
        """
            .formatted(schema);
  }

  /**
   * Refuses what no row can hold, or what nobody could deliver.
   *
   * @throws OutboxException naming the message and what is wrong with it
   */
  static void requireFit(OutboxMessage message) {
    requireText(message, "aggregate type", message.aggregateType());
    requireText(message, "key", message.aggregateId());
    requireText(message, "type", message.type());
    if (!message.orderKey().fits()) {
      throw new OutboxException(
          "%s v%d: its aggregate type and key have more than %d bytes together"
              .formatted(message.type(), message.version(), OrderKey.MAX_BYTES));
    }
    if (message.version() < 1) {
      throw new OutboxException(
          "%s: version must be at least 1, was %d".formatted(message, message.version()));
    }
  }

  private static void requireText(OutboxMessage message, String what, String value) {
    if (value.isBlank()) {
      throw new OutboxException("%s: its %s must not be blank".formatted(message, what));
    }
  }

  @Override
  public void write(Connection connection, List<OutboxMessage> messages) throws SQLException {
    if (messages.size() == 1) {
      insertOne(connection, messages.get(0));
      return;
    }
    for (int from = 0; from < messages.size(); from += ROWS_PER_STATEMENT) {
      insertMany(
          connection, messages.subList(from, Math.min(from + ROWS_PER_STATEMENT, messages.size())));
    }
  }

  private void insertOne(Connection connection, OutboxMessage message) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(insertOne)) {
      statement.setObject(1, message.id());
      statement.setString(2, message.aggregateType());
      statement.setString(3, message.aggregateId());
      statement.setString(4, message.type());
      statement.setInt(5, message.version());
      statement.setInt(6, slot(message));
      statement.setString(7, HeadersJson.write(message.headers()));
      statement.setBytes(8, message.payload());
      statement.executeUpdate();
    }
  }

  private void insertMany(Connection connection, List<OutboxMessage> messages) throws SQLException {
    Array[] columns = {
      connection.createArrayOf(
          "uuid", messages.stream().map(OutboxMessage::id).toArray(UUID[]::new)),
      texts(connection, messages.stream().map(OutboxMessage::aggregateType).toArray(String[]::new)),
      texts(connection, messages.stream().map(OutboxMessage::aggregateId).toArray(String[]::new)),
      texts(connection, messages.stream().map(OutboxMessage::type).toArray(String[]::new)),
      connection.createArrayOf(
          "int4", messages.stream().map(OutboxMessage::version).toArray(Integer[]::new)),
      connection.createArrayOf(
          "int4", messages.stream().map(OutboxTable::slot).toArray(Integer[]::new)),
      texts(
          connection,
          messages.stream().map(m -> HeadersJson.write(m.headers())).toArray(String[]::new)),
      connection.createArrayOf(
          "bytea", messages.stream().map(OutboxMessage::payload).toArray(byte[][]::new))
    };
    try (PreparedStatement statement = connection.prepareStatement(insertMany)) {
      for (int i = 0; i < columns.length; i++) {
        statement.setArray(i + 1, columns[i]);
      }
      statement.executeUpdate();
    } finally {
      for (Array column : columns) {
        column.free();
      }
    }
  }

  /** The transaction's; without shards the key's, so that a later move has something to go by. */
  private static int slot(OutboxMessage message) {
    Integer slot = message.slot();
    return slot == null ? SlotHash.slotOf(message.aggregateId()) : slot;
  }

  private static Array texts(Connection connection, String[] values) throws SQLException {
    return connection.createArrayOf("text", values);
  }
}
