package dev.evenkeel.saga;

import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.sql.Connection;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.support.DefaultTransactionDefinition;

/**
 * One transaction of the application's transaction manager, in which the application's code and the
 * row that says what became of it commit together. Within the target's scope.
 */
final class SagaTransaction {

  private SagaTransaction() {}

  /** What happens in it. */
  @FunctionalInterface
  interface Work {

    /** Whether it is to be committed; false leaves nothing. */
    boolean on(Connection connection) throws Exception;
  }

  /**
   * Runs it.
   *
   * @return whether it was committed
   */
  static boolean run(TransactionTarget target, DirectHandler.Began began, Work work)
      throws Exception {
    PlatformTransactionManager manager = target.transactionManager();
    DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
    definition.setName("evenkeel-participant");
    TransactionStatus status = manager.getTransaction(definition);
    boolean isGood;
    try {
      Connection connection = DataSourceUtils.getConnection(target.transactional());
      try {
        began.on(connection);
        isGood = work.on(connection);
      } finally {
        DataSourceUtils.releaseConnection(connection, target.transactional());
      }
    } catch (Throwable e) {
      try {
        manager.rollback(status);
      } catch (RuntimeException rollback) {
        e.addSuppressed(rollback); // the connection is gone, and the transaction with it
      }
      throw e;
    }
    if (!isGood) {
      manager.rollback(status);
      return false;
    }
    manager.commit(status);
    return true;
  }
}
