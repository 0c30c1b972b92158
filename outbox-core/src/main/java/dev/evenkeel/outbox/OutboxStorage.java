package dev.evenkeel.outbox;

/** Where appended messages are until the relay has sent them. */
public enum OutboxStorage {

  /** Rows of {@code outbox}, from which everything can be sent again. The default. */
  TABLE,

  /**
   * The WAL alone, as logical messages: nothing is inserted, and nothing has to be removed. They
   * exist for as long as the replication slot keeps them; when it is lost, so are those that were
   * not sent yet. Only a relay that reads the WAL brings them.
   */
  WAL
}
