package dev.evenkeel.relay;

/** How a process would have the messages of its installation relayed. */
public enum RelayMode {
  /** Debezium in this process reads the WAL. */
  CDC,
  /**
   * This process reads the outbox. For databases whose WAL can't be read; a transaction that writes
   * for long holds up everything younger.
   */
  POLLING,
  /** {@link #CDC} where the server permits it at the beginning of a term, otherwise polling. */
  AUTO,
  /**
   * Debezium in Kafka Connect relays. This process keeps the replication slot in place, sends again
   * what a gap left out, and has the janitor run.
   */
  CONNECT
}
