package dev.evenkeel.outbox;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.UncategorizedSQLException;

/**
 * The framework's own short transactions: independent of the caller's, durable, and bounded by
 * server-side timeouts below the relay's lease.
 */
public final class ProtocolTransaction {

  private static final String PROTOCOL_SETTINGS =
      "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '3s';"
          + " SET LOCAL statement_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '5s'";

  private ProtocolTransaction() {}

  /** What happens in the transaction. */
  @FunctionalInterface
  public interface Work<T extends @Nullable Object> {

    /** Works on the transaction's connection; neither commits nor closes it. */
    T in(Connection connection) throws SQLException;
  }

  /**
   * Runs work on queue-like tables in a transaction of its own. Statements are planned as if
   * scanning a whole table cost a fortune: a plan that was made and kept while the table was empty
   * would scan it for as long as nobody analyzes it.
   *
   * @param what what is being done, for the error
   * @throws UncategorizedSQLException if the database fails or can't be reached
   */
  public static <T extends @Nullable Object> T byIndex(
      DataSource dataSource, String what, Work<T> work) {
    return inTransaction(
        dataSource, what, PROTOCOL_SETTINGS + "; SET LOCAL enable_seqscan = off", work);
  }

  /**
   * Runs work in a transaction of its own and commits it; rolls back whatever fails.
   *
   * @param what what is being done, for the error
   * @throws UncategorizedSQLException if the database fails or can't be reached
   */
  public static <T extends @Nullable Object> T inTransaction(
      DataSource dataSource, String what, Work<T> work) {
    return inTransaction(dataSource, what, PROTOCOL_SETTINGS, work);
  }

  private static <T extends @Nullable Object> T inTransaction(
      DataSource dataSource, String what, String settings, Work<T> work) {
    try (Connection connection = dataSource.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false);
      try {
        try (Statement statement = connection.createStatement()) {
          statement.execute(settings);
        }
        T result = work.in(connection);
        connection.commit();
        connection.setAutoCommit(autoCommit);
        return result;
      } catch (Throwable e) { // an Error too: leaving auto-commit off again would commit the half
        rollback(connection, autoCommit, e);
        throw e;
      }
    } catch (SQLException e) {
      throw new UncategorizedSQLException(what, null, e);
    }
  }

  /** What fails here must not hide what came first: by that it is told whether to try again. */
  private static void rollback(Connection connection, boolean autoCommit, Throwable failure) {
    try {
      connection.rollback();
      connection.setAutoCommit(autoCommit);
    } catch (SQLException e) {
      failure.addSuppressed(e); // the connection is gone, and the transaction with it
    }
  }
}
