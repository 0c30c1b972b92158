package dev.evenkeel.bench.dbos;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * The business table.
 *
 * @param insert the statement, the same for all that are compared
 */
record EffectTable(String insert) {

  void insert(Connection connection, long number, String step) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(insert)) {
      statement.setLong(1, number);
      statement.setString(2, step);
      statement.setString(3, "account-" + number % 1_000);
      statement.setLong(4, number % 10_000);
      statement.executeUpdate();
    }
  }
}
