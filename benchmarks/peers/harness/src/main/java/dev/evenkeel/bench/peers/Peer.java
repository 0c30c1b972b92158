package dev.evenkeel.bench.peers;

import java.util.function.LongConsumer;
import javax.sql.DataSource;

/**
 * An outbox on one database, from a business transaction to a handler that does nothing.
 * Single-use: start, write, close.
 */
public interface Peer extends AutoCloseable {

  /** The business side. */
  String INSERT_ORDER = "INSERT INTO bench_order (id, customer, total) VALUES (?, ?, ?)";

  /**
   * Makes the tables of the outbox and begins to hand events over.
   *
   * @param dataSource a pool, which outlives this
   * @param handler takes each event's order id; any thread may call it
   */
  void start(DataSource dataSource, LongConsumer handler) throws Exception;

  /**
   * Inserts an order's row and writes its event, in one transaction. Thread-safe.
   *
   * @param beforeCommit runs in the transaction, when the application has done its part
   */
  void write(OrderPlaced order, Runnable beforeCommit) throws Exception;

  @Override
  void close() throws Exception;
}
