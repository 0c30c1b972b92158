package dev.evenkeel.relay.crash;

/** What a process of a trial does. */
enum Role {
  /** Runs a relay with the handler. */
  RELAY,
  /** Its relay has the default intervals, not the short ones that keep tests quick. */
  DEFAULT_INTERVALS,
  /** Its relay polls. */
  POLLING,
  /** Changes state and appends to the outbox. */
  WRITER,
  /** Appends to the WAL alone. */
  TABLE_LESS,
  /** Its first transaction announces 10,000 versions. */
  HUGE_TRANSACTION,
  /** Changes state and then, in a second step, tells others, as people do without an outbox. */
  DUAL_WRITER,
  /** Its handler's commits wait for the disk in groups. */
  GROUPED_COMMITS,
  /** Its handler fails where it finds that the process was suspended. */
  FAILS_AFTER_SUSPENSION
}
