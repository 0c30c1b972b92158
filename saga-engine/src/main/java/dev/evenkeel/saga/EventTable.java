package dev.evenkeel.saga;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/** Statements on {@code saga_event}. */
final class EventTable {

  /** What can be stored. */
  enum Kind {
    SIGNAL,
    CANCEL,
    REPLY,
    RETRY,
    SKIP,
    RESOLVE
  }

  /** A row. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
  record Row(UUID sagaId, long position, Kind kind, String type, byte[] payload) {}

  private final String schema;

  EventTable(String schema) {
    this.schema = schema;
  }

  void insert(Connection c, UUID sagaId, Kind kind, String type, byte[] payload)
      throws SQLException {
    String sql =
        """
        INSERT INTO %s.saga_event (saga_id, kind, type, payload)
        SELECT ?, ?, ?, ? WHERE set_config('synchronous_commit', 'on', true) IS NOT NULL
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setObject(1, sagaId);
      statement.setString(2, kind.name());
      statement.setString(3, type);
      statement.setBytes(4, payload);
      statement.executeUpdate();
    }
  }

  /** Stores it and counts it as news, unless the saga has ended. */
  void store(Connection c, UUID sagaId, Kind kind, String type, byte[] payload)
      throws SQLException {
    String sql =
        """
        WITH living AS (UPDATE %1$s.saga_wake SET bumped = bumped + 1 WHERE saga_id = ? RETURNING saga_id)
        INSERT INTO %1$s.saga_event (saga_id, kind, type, payload) SELECT saga_id, ?, ?, ? FROM living
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setObject(1, sagaId);
      statement.setString(2, kind.name());
      statement.setString(3, type);
      statement.setBytes(4, payload);
      statement.executeUpdate();
    }
  }

  /** What is stored for the sagas, in the order of arrival. */
  List<Row> read(Connection c, Collection<UUID> sagaIds) throws SQLException {
    String sql =
        """
        SELECT saga_id, position, kind, type, payload
          FROM %s.saga_event
         WHERE saga_id = ANY (?)
         ORDER BY saga_id, position
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", sagaIds.toArray()));
      try (ResultSet rows = statement.executeQuery()) {
        List<Row> events = new ArrayList<>();
        while (rows.next()) {
          events.add(
              new Row(
                  rows.getObject(1, UUID.class),
                  rows.getLong(2),
                  Kind.valueOf(rows.getString(3)),
                  rows.getString(4),
                  rows.getBytes(5)));
        }
        return events;
      }
    }
  }

  /** Deletes what was taken. */
  void delete(Connection c, UUID sagaId, Collection<Long> positions) throws SQLException {
    String sql =
        "DELETE FROM %s.saga_event WHERE saga_id = ? AND position = ANY (?)".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setObject(1, sagaId);
      statement.setArray(2, c.createArrayOf("bigint", positions.toArray()));
      statement.executeUpdate();
    }
  }
}
