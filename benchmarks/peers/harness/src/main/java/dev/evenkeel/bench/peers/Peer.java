package dev.evenkeel.bench.peers;

import java.util.List;
import java.util.Map;

/**
 * An outbox on one database, from a business transaction to a handler that does nothing.
 * Single-use: start, write, close.
 */
public interface Peer extends AutoCloseable {

  /** The business side. */
  String INSERT_ORDER = "INSERT INTO bench_order (id, customer, total) VALUES (?, ?, ?)";

  /**
   * How it is set up, for those who read the results: what is not as it comes, and what is worth
   * knowing of that. Without line breaks and tabs.
   */
  Map<String, String> settings();

  /** Makes the tables of the outbox and begins to hand events over. */
  void start(PeerDatabase database, Deliveries deliveries) throws Exception;

  /**
   * Inserts the row of the first order and writes the events of all, in one transaction.
   * Thread-safe.
   *
   * @param beforeCommit runs in the transaction, when the application has done its part
   */
  void write(List<OrderPlaced> orders, Runnable beforeCommit) throws Exception;

  @Override
  void close() throws Exception;
}
