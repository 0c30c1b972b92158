package dev.evenkeel.bench;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Transactions that only read and take long, as reports do. Each begins before its predecessor
 * ends, so that at any time PostgreSQL has to keep what somebody deleted during half of such a
 * transaction. One thread.
 */
final class Horizon implements AutoCloseable {

  static final Duration LENGTH = Duration.ofSeconds(30);

  private final DatabaseInfo database;
  private final Deque<Connection> readers = new ArrayDeque<>();
  private long nextAt = System.nanoTime();

  Horizon(DatabaseInfo database) {
    this.database = database;
  }

  /** Begins a transaction when the next one is due, and then ends the one before the last. */
  void move() throws SQLException {
    if (System.nanoTime() - nextAt < 0) {
      return;
    }
    nextAt += LENGTH.dividedBy(2).toNanos();
    readers.add(reader());
    if (readers.size() > 2) {
      readers.remove().close();
    }
  }

  @SuppressWarnings("MustBeClosedChecker")
  private Connection reader() throws SQLException {
    Connection connection = database.connect();
    connection.setReadOnly(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.executeQuery("SELECT count(*) FROM bench_order").close(); // takes the snapshot
    }
    return connection;
  }

  @Override
  public void close() throws SQLException {
    for (Connection reader : readers) {
      reader.close();
    }
  }
}
