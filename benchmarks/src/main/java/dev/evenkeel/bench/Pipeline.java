package dev.evenkeel.bench;

/**
 * One way from a business transaction to a handler that does nothing, on one database. Single-use:
 * prepare, perhaps write a backlog, start, write, close.
 */
interface Pipeline extends AutoCloseable {

  /** Makes tables and the replication slot: from here on nothing that is written gets lost. */
  void prepare() throws Exception;

  /** Starts delivering and returns when that has begun. */
  void start(Progress progress) throws Exception;

  /** A writer for one thread. */
  Writer openWriter() throws Exception;

  @Override
  void close() throws Exception;

  /** Writes orders; used and closed by one thread. */
  interface Writer extends AutoCloseable {

    /**
     * Writes one order and its event in one transaction.
     *
     * @param order its number
     * @param beforeCommit runs when all that is left of the transaction is its commit
     */
    void write(long order, Runnable beforeCommit) throws Exception;

    /** Writes the events of consecutive orders, and nothing else, in one transaction. */
    void writeEvents(long firstOrder, int count) throws Exception;

    @Override
    void close() throws Exception;
  }
}
