package dev.evenkeel.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/** Statements on {@code claim_check}. bucket and stored_at are the database's defaults. */
final class ClaimCheckTable {

  private final String insert;
  private final String select;

  ClaimCheckTable(String schema) {
    insert =
        "INSERT INTO %s.claim_check (id, payload) VALUES (?, ?) RETURNING bucket".formatted(schema);
    select = "SELECT payload FROM %s.claim_check WHERE id = ? AND bucket = ?".formatted(schema);
  }

  /** Returns the bucket. */
  int insert(Connection connection, UUID id, byte[] payload) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(insert)) {
      statement.setObject(1, id);
      statement.setBytes(2, payload);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }

  Optional<byte[]> find(Connection connection, UUID id, int bucket) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(select)) {
      statement.setObject(1, id);
      statement.setInt(2, bucket);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? Optional.of(row.getBytes(1)) : Optional.empty();
      }
    }
  }
}
