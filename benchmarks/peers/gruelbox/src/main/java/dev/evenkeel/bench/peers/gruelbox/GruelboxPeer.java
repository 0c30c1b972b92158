package dev.evenkeel.bench.peers.gruelbox;

import com.gruelbox.transactionoutbox.Dialect;
import com.gruelbox.transactionoutbox.Instantiator;
import com.gruelbox.transactionoutbox.Persistor;
import com.gruelbox.transactionoutbox.Submitter;
import com.gruelbox.transactionoutbox.Transaction;
import com.gruelbox.transactionoutbox.TransactionManager;
import com.gruelbox.transactionoutbox.TransactionOutbox;
import dev.evenkeel.bench.peers.Deliveries;
import dev.evenkeel.bench.peers.OrderPlaced;
import dev.evenkeel.bench.peers.Peer;
import dev.evenkeel.bench.peers.PeerDatabase;
import dev.evenkeel.bench.peers.PeerServer;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * gruelbox's transaction-outbox: calls are rows, handed to an executor after the commit, without
 * any order, and deleted when they have succeeded; {@code flush} finds what was left over.
 */
public final class GruelboxPeer implements Peer {

  /**
   * Its guide leaves the executor to the application. The default one has a thread less than the
   * machine has processors; here each waits for commits, so that more are faster (8 and 24 were no
   * faster than 16). The queue has no end: what finds a bounded one full waits for a flush, which
   * may be minutes.
   */
  private static final int THREADS = 16;

  /** What its guide shows. */
  private static final Duration FLUSH_EVERY = Duration.ofMinutes(1);

  private final ExecutorService executor = Executors.newFixedThreadPool(THREADS);
  private final ScheduledExecutorService flushing = Executors.newSingleThreadScheduledExecutor();
  private TransactionManager transactions;
  private TransactionOutbox outbox;

  /** The entry point. */
  public static void main(String[] arguments) {
    PeerServer.serve(GruelboxPeer::new);
  }

  /** What is called; its parameters become JSON. */
  interface OrderHandler {
    void placed(long orderId, String customer, long cents, String remark);
  }

  @Override
  public Map<String, String> settings() {
    return Map.of(
        "submitter", "an executor of %d threads, its queue unbounded".formatted(THREADS),
        "flush", "every " + FLUSH_EVERY.toSeconds() + " s");
  }

  @Override
  public void start(PeerDatabase database, Deliveries deliveries) {
    OrderHandler orders = (orderId, customer, cents, remark) -> deliveries.handled(orderId);
    transactions = TransactionManager.fromDataSource(database.pool());
    outbox =
        TransactionOutbox.builder()
            .transactionManager(transactions)
            .persistor(Persistor.forDialect(Dialect.POSTGRESQL_9))
            .instantiator(Instantiator.using(type -> orders))
            .submitter(Submitter.withExecutor(executor))
            .build();
    flushing.scheduleWithFixedDelay(
        this::flush, FLUSH_EVERY.toSeconds(), FLUSH_EVERY.toSeconds(), TimeUnit.SECONDS);
  }

  @SuppressWarnings("StatementWithEmptyBody")
  private void flush() {
    while (outbox.flush()) {}
  }

  /** Its own inserts come after this, as the last of the transaction. */
  @Override
  public void write(List<OrderPlaced> orders, Runnable beforeCommit) throws SQLException {
    transactions.inTransactionThrows(
        transaction -> {
          insert(transaction, orders.get(0));
          for (OrderPlaced order : orders) {
            outbox
                .schedule(OrderHandler.class)
                .placed(order.orderId(), order.customer(), order.cents(), order.remark());
          }
          beforeCommit.run();
        });
  }

  private static void insert(Transaction transaction, OrderPlaced order) throws SQLException {
    try (PreparedStatement insert = transaction.connection().prepareStatement(INSERT_ORDER)) {
      insert.setLong(1, order.orderId());
      insert.setString(2, order.customer());
      insert.setLong(3, order.cents());
      insert.executeUpdate();
    }
  }

  @Override
  public void close() throws InterruptedException {
    flushing.shutdownNow();
    executor.shutdown();
    executor.awaitTermination(10, TimeUnit.SECONDS);
  }
}
