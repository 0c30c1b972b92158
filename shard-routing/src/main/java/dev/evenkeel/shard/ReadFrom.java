package dev.evenkeel.shard;

/** Which server of a shard a transaction goes to. */
public enum ReadFrom {
  /** The primary: sees every committed write. */
  PRIMARY,
  /** The shard's replica, for read-only transactions; the primary where none is configured. */
  REPLICA
}
