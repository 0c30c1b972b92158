package dev.evenkeel.outbox;

/** When the transaction of a handler waits for the disk. */
public enum InboxCommit {
  /** At its commit: what anybody sees of it stays. */
  DURABLE,
  /**
   * Together with others, right after its commit, and before its message is acknowledged. A crash
   * of the server in between takes it back with its inbox row, and the message is delivered again:
   * its effects in the database happen once, but somebody may have seen them before they are taken
   * back and made anew. Holds for handlers whose effects are in the installation's own database;
   * the others are as {@link #DURABLE}.
   */
  GROUPED
}
