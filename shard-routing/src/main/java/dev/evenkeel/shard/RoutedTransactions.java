package dev.evenkeel.shard;

import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Follows the routed transactions of each thread, from before their beginning to their end. To be
 * added to every transaction manager on the routing data source; Spring Boot adds beans of this
 * type by itself.
 */
public final class RoutedTransactions implements TransactionExecutionListener {

  private final DataSource routing;

  /**
   * Makes the listener.
   *
   * @param routing the data source under which transaction managers bind their connections
   */
  public RoutedTransactions(DataSource routing) {
    this.routing = routing;
  }

  @Override
  public void beforeBegin(TransactionExecution transaction) {
    ShardContext.current().beginning(transaction.isReadOnly());
  }

  @Override
  public void afterBegin(TransactionExecution transaction, @Nullable Throwable failure) {
    ShardContext context = ShardContext.current();
    context.begun();
    ShardBinding binding = context.binding();
    if (failure == null
        && binding != null
        && transaction.isNewTransaction()
        && TransactionSynchronizationManager.hasResource(routing)) {
      context.opened(transaction, binding);
    }
  }

  /** What is thrown here rolls the transaction back. */
  @Override
  public void beforeCommit(TransactionExecution transaction) {
    ShardBinding binding = ShardContext.current().of(transaction);
    if (binding == null) {
      return;
    }
    binding.requireSameKey();
    Integer isolation = TransactionSynchronizationManager.getCurrentTransactionIsolationLevel();
    if (isolation != null
        && isolation != TransactionDefinition.ISOLATION_READ_COMMITTED
        && !transaction.isReadOnly()) {
      throw new IsolationException(
          "Shard transactions that write run READ COMMITTED, because a slot's move relies on it; remove the isolation level of \"%s\""
              .formatted(transaction.getTransactionName()));
    }
  }

  @Override
  public void afterCommit(TransactionExecution transaction, @Nullable Throwable failure) {
    ShardContext.current().closed(transaction);
  }

  @Override
  public void afterRollback(TransactionExecution transaction, @Nullable Throwable failure) {
    ShardContext.current().closed(transaction);
  }
}
