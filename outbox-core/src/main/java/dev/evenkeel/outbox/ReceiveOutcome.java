package dev.evenkeel.outbox;

/** What became of one delivery. A failing handler is an exception, not an outcome. */
public enum ReceiveOutcome {
  /** Inbox row and effects committed. */
  HANDLED,
  /** An earlier delivery took effect. */
  DUPLICATE,
  /**
   * The message itself is or was parked for this consumer; its row decides. To a release: it is no
   * longer waiting to be released.
   */
  ALREADY_PARKED,
  /** An earlier message of the key is parked for this consumer; this one must queue behind it. */
  KEY_PARKED,
  /** Older than the dedup window at first receipt: nobody can say whether it was handled. */
  EXPIRED
}
