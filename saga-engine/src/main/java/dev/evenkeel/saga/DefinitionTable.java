package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.SagaDefinitions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Statements on {@code saga_definition}, and on the instances that a definition has.
 *
 * <p>{@code recorded_at} stands for the shape: whoever has compared the shape knows by it that it
 * is still the same.
 */
final class DefinitionTable {

  /** A definition as it is stored. */
  record Row(String shape, Instant recordedAt) {}

  /**
   * Instances that have not ended.
   *
   * @param first some of them, as text, in the order of their ids
   */
  record Live(List<String> first, long count) {}

  private final String schema;

  DefinitionTable(String schema) {
    this.schema = schema;
  }

  /** When each definition got the shape that it has. */
  Map<SagaDefinitions.Id, Instant> recorded(Connection c) throws SQLException {
    String sql =
        "SELECT saga, version, recorded_at FROM %s.saga_definition ORDER BY saga, version"
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
      Map<SagaDefinitions.Id, Instant> recorded = new LinkedHashMap<>();
      while (rows.next()) {
        recorded.put(
            new SagaDefinitions.Id(rows.getString(1), rows.getInt(2)),
            rows.getObject(3, OffsetDateTime.class).toInstant());
      }
      return recorded;
    }
  }

  Optional<Row> find(Connection c, String saga, int version) throws SQLException {
    return find(c, saga, version, "");
  }

  /**
   * For a start: until its transaction ends nobody changes the row. In a transaction that sees an
   * older state than the present one it fails instead of reading what was changed since.
   */
  Optional<Row> hold(Connection c, String saga, int version) throws SQLException {
    return find(c, saga, version, " FOR KEY SHARE");
  }

  /** For whoever changes it: waits for the starts that hold it. */
  Optional<Row> lock(Connection c, String saga, int version) throws SQLException {
    return find(c, saga, version, " FOR UPDATE");
  }

  private Optional<Row> find(Connection c, String saga, int version, String locking)
      throws SQLException {
    String sql =
        "SELECT shape, recorded_at FROM %s.saga_definition WHERE saga = ? AND version = ?%s"
            .formatted(schema, locking);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, saga);
      statement.setInt(2, version);
      try (ResultSet row = statement.executeQuery()) {
        return row.next()
            ? Optional.of(
                new Row(row.getString(1), row.getObject(2, OffsetDateTime.class).toInstant()))
            : Optional.empty();
      }
    }
  }

  /** Writes it, unless it is there; waits for somebody else who is writing it. */
  void insert(Connection c, String saga, int version, String shape) throws SQLException {
    String sql =
        """
        INSERT INTO %s.saga_definition (saga, version, shape) VALUES (?, ?, ?::jsonb)
        ON CONFLICT (saga, version) DO NOTHING
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, saga);
      statement.setInt(2, version);
      statement.setString(3, shape);
      statement.executeUpdate();
    }
  }

  /** Gives it another shape, under the locks of {@link #keepStartsOut} and {@link #lock}. */
  void replace(Connection c, String saga, int version, String shape) throws SQLException {
    String sql =
        """
        UPDATE %s.saga_definition
           SET shape = ?::jsonb, recorded_at = greatest(clock_timestamp(), recorded_at + interval '1 microsecond')
         WHERE saga = ? AND version = ?
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, shape);
      statement.setString(2, saga);
      statement.setInt(3, version);
      statement.executeUpdate();
    }
  }

  /** For a start, before it reads the row: whoever changes it waits for the transaction. */
  void announceStart(Connection c, String saga, int version) throws SQLException {
    lock(c, "SELECT pg_advisory_xact_lock_shared(hashtextextended(?, 0))", saga, version);
  }

  /** Waits for the starts that are under way, and has later ones wait for this transaction. */
  void keepStartsOut(Connection c, String saga, int version) throws SQLException {
    lock(c, "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", saga, version);
  }

  private void lock(Connection c, String sql, String saga, int version) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, startLock(schema, saga, version));
      statement.execute();
    }
  }

  /** Name of the advisory lock that starts share. */
  static String startLock(String schema, String saga, int version) {
    return "evenkeel-saga-start:%s:%s:%d".formatted(schema, saga, version);
  }

  /** Whether a definition has an instance that has not ended; looks at live ones until it has. */
  boolean isLive(Connection c, String saga, int version) throws SQLException {
    String sql =
        """
        SELECT EXISTS (SELECT FROM %1$s.saga_wake w JOIN %1$s.saga_instance i ON i.id = w.saga_id
                        WHERE i.saga = ? AND i.saga_version = ? AND i.ended_at IS NULL)
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, saga);
      statement.setInt(2, version);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /**
   * The instances of a definition that have not ended; looks at every live instance of the shard.
   *
   * @param limit how many are named
   */
  Live live(Connection c, String saga, int version, int limit) throws SQLException {
    String sql =
        """
        SELECT i.id, i.key, count(*) OVER ()
          FROM %1$s.saga_wake w JOIN %1$s.saga_instance i ON i.id = w.saga_id
         WHERE i.saga = ? AND i.saga_version = ? AND i.ended_at IS NULL
         ORDER BY i.id
         LIMIT ?
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, saga);
      statement.setInt(2, version);
      statement.setInt(3, limit);
      try (ResultSet rows = statement.executeQuery()) {
        List<String> first = new ArrayList<>();
        long count = 0;
        while (rows.next()) {
          first.add("%s \"%s\"".formatted(rows.getString(1), rows.getString(2)));
          count = rows.getLong(3);
        }
        return new Live(first, count);
      }
    }
  }
}
