package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Threads that write a business row and an event in one transaction, again and again, until they
 * are closed. Each has accounts of its own, so that an account's commits follow each other.
 */
final class AccountWriters {

  static final int THREADS = 8;
  static final int PER_SECOND = 400;

  private static final int ACCOUNTS_EACH = 8;
  private static final long PERIOD = TimeUnit.SECONDS.toNanos(THREADS) / PER_SECOND;

  private final AtomicLong numbers = new AtomicLong();
  private final Map<Integer, Long> committed = new ConcurrentHashMap<>();
  private final TransactionTemplate transaction;
  private final JdbcTemplate jdbc;
  private final Outbox outbox;
  private final CompletableFuture<Long> end;
  private volatile boolean closed;

  private AccountWriters(DatabaseInfo database, HikariDataSource dataSource) {
    transaction = new TransactionTemplate(new DataSourceTransactionManager(dataSource));
    jdbc = new JdbcTemplate(dataSource);
    outbox = new RelayWiring(database, "writers", dataSource, List.of(AccountMoved.class)).outbox();
    List<Callable<Long>> threads = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      int firstAccount = thread * ACCOUNTS_EACH;
      threads.add(() -> write(firstAccount));
    }
    end = CompletableFuture.supplyAsync(() -> run(threads), task -> new Thread(task).start());
  }

  static AccountWriters start(DatabaseInfo database, HikariDataSource dataSource) {
    return new AccountWriters(database, dataSource);
  }

  private static long run(List<Callable<Long>> threads) {
    try {
      return Threads.sum(threads);
    } catch (InterruptedException e) {
      throw new IllegalStateException("The writers were interrupted", e);
    }
  }

  private long write(int firstAccount) {
    long count = 0;
    for (long due = System.nanoTime(); !closed; due += PERIOD) {
      int account = firstAccount + (int) (count % ACCOUNTS_EACH);
      AccountMoved event =
          new AccountMoved(
              numbers.incrementAndGet(), account, committed.getOrDefault(account, 0L) + 1);
      transaction.executeWithoutResult(
          status -> {
            jdbc.update(Tables.INSERT_ORDER, event.number(), "account-" + account, 1L);
            outbox.append(event);
          });
      committed.put(account, event.sequence());
      count++;
      LockSupport.parkNanos(due + PERIOD - System.nanoTime());
    }
    return count;
  }

  /** The lowest number that is not drawn yet: its transaction has not begun. */
  long nextNumber() {
    return numbers.get() + 1;
  }

  /**
   * Lets each thread end its last transaction.
   *
   * @return the last sequence of each account
   */
  Map<Integer, Long> stop() {
    closed = true;
    end.join();
    return Map.copyOf(committed);
  }
}
