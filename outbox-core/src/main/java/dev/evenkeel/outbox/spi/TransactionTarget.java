package dev.evenkeel.outbox.spi;

import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Where one handler's effects happen: a database that holds an installation's schema of the same
 * name, and the way into a transaction on it.
 *
 * @param name of the database, for logs and errors, unique among targets
 * @param slot of the effects, 0 to 4,095; null where the application is not sharded
 * @param dataSource the database itself, whoever asks
 * @param transactional the data source that the transaction manager binds its connections under
 * @param transactionManager runs transactions, within the scope
 * @param scope what has to surround a transaction for it to reach this database
 */
public record TransactionTarget(
    String name,
    @Nullable Integer slot,
    DataSource dataSource,
    DataSource transactional,
    PlatformTransactionManager transactionManager,
    Scope scope) {

  /** Surrounds a transaction. */
  public interface Scope {

    /** No scope is needed: the transaction manager knows one database only. */
    Scope NONE = Supplier::get;

    /** Calls the work within the scope, and returns what it returns. */
    <T extends @Nullable Object> T call(Supplier<T> work);
  }

  /** A database with a transaction manager of its own. */
  public TransactionTarget(
      String name, DataSource dataSource, PlatformTransactionManager transactionManager) {
    this(name, null, dataSource, dataSource, transactionManager, Scope.NONE);
  }
}
