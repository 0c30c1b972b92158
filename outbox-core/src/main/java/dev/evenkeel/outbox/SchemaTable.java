package dev.evenkeel.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What classes of statements on the framework's tables share; {@code %s} stands for the schema. */
abstract class SchemaTable {

  final String schema;

  SchemaTable(String schema) {
    this.schema = schema;
  }

  /** Reads one row. */
  interface Row<T> {
    T map(ResultSet row) throws SQLException;
  }

  final <T> List<T> query(Connection c, String sql, Row<T> mapper, @Nullable Object... arguments)
      throws SQLException {
    try (PreparedStatement statement = prepare(c, sql, arguments);
        ResultSet rows = statement.executeQuery()) {
      List<T> result = new ArrayList<>();
      while (rows.next()) {
        result.add(mapper.map(rows));
      }
      return result;
    }
  }

  final boolean exists(Connection c, String sql, @Nullable Object... arguments)
      throws SQLException {
    return !query(c, sql, row -> Boolean.TRUE, arguments).isEmpty();
  }

  final int update(Connection c, String sql, @Nullable Object... arguments) throws SQLException {
    try (PreparedStatement statement = prepare(c, sql, arguments)) {
      return statement.executeUpdate();
    }
  }

  private PreparedStatement prepare(Connection c, String sql, @Nullable Object... arguments)
      throws SQLException {
    PreparedStatement statement = c.prepareStatement(sql.formatted(schema));
    for (int i = 0; i < arguments.length; i++) {
      statement.setObject(i + 1, arguments[i]);
    }
    return statement;
  }

  static @Nullable String interval(@Nullable Duration duration) {
    return duration == null ? null : duration.toMillis() + " milliseconds";
  }
}
