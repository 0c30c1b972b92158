package dev.evenkeel.shard.guard;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.ConnectionHandle;
import org.springframework.jdbc.datasource.ConnectionHolder;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * The local database transactions that are open on this thread and may write: that of the moment,
 * and those of other transaction managers, which only have their flags put away and not their
 * connections. Transactions of JPA are among them where their manager exposes the connection, as it
 * does with Hibernate.
 */
final class LocalTransactions {

  /**
   * Set while connections are looked at: one that is acquired only now would be asked about again.
   */
  private static final ThreadLocal<Boolean> LOOKING = ThreadLocal.withInitial(() -> false);

  private LocalTransactions() {}

  /** One that is open on a data source that passes the filter, or null. */
  static @Nullable DataSource open(Predicate<DataSource> filter) {
    if (isOver() || LOOKING.get()) {
      return null;
    }
    Map<Object, Object> resources = TransactionSynchronizationManager.getResourceMap();
    if (resources.isEmpty()) {
      return null;
    }
    LOOKING.set(true);
    try {
      return open(resources, filter);
    } finally {
      LOOKING.remove();
    }
  }

  /**
   * Whether the thread is in a scope without a transaction, or after the end of one. With neither a
   * transaction nor synchronization, a second one may be about to begin: the resources tell.
   */
  private static boolean isOver() {
    boolean synchronizing = TransactionSynchronizationManager.isSynchronizationActive();
    if (TransactionSynchronizationManager.isActualTransactionActive()) {
      // After completion, synchronization is already over.
      return !synchronizing || TransactionMark.closed();
    }
    return synchronizing;
  }

  private static @Nullable DataSource open(
      Map<Object, Object> resources, Predicate<DataSource> filter) {
    long holders = resources.values().stream().filter(ConnectionHolder.class::isInstance).count();
    if (holders == 1 && TransactionSynchronizationManager.isCurrentTransactionReadOnly()) {
      return null;
    }
    for (Map.Entry<Object, Object> resource : resources.entrySet()) {
      if (resource.getKey() instanceof DataSource dataSource
          && resource.getValue() instanceof ConnectionHolder holder
          && filter.test(dataSource)
          && mayWrite(holder)) {
        return dataSource;
      }
    }
    return null;
  }

  /** Connections outside transactions are bound to the thread too; those commit on their own. */
  private static boolean mayWrite(ConnectionHolder holder) {
    ConnectionHandle handle = holder.getConnectionHandle();
    if (handle == null) {
      return false;
    }
    try {
      Connection connection = handle.getConnection();
      return !connection.getAutoCommit() && !connection.isReadOnly();
    } catch (SQLException e) {
      return false; // a broken or closed connection commits nothing
    }
  }
}
