package dev.evenkeel.saga;

import dev.evenkeel.outbox.spi.TransactionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import org.springframework.jdbc.UncategorizedSQLException;
import org.springframework.jdbc.datasource.DataSourceUtils;

/** Work on the connection of the transaction that the caller is in. */
final class CallersTransaction {

  /** What happens on it. */
  @FunctionalInterface
  interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  private CallersTransaction() {}

  /**
   * Works on the transaction's connection.
   *
   * @throws SagaException if the transaction is on another data source: nothing would commit
   *     together
   */
  static <T> T on(TransactionTarget target, String what, Work<T> work) {
    Connection connection = DataSourceUtils.getConnection(target.transactional());
    try {
      if (connection.getAutoCommit()) {
        throw new SagaException(
            "%s: the transaction is not on the data source of the home shard \"%s\", so the two would not commit together"
                .formatted(what, target.name()));
      }
      return work.on(connection);
    } catch (SQLException e) {
      throw new UncategorizedSQLException(what, null, e);
    } finally {
      DataSourceUtils.releaseConnection(connection, target.transactional());
    }
  }
}
