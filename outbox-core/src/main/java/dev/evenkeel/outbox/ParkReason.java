package dev.evenkeel.outbox;

/** Why a message is parked. Stored by name. */
public enum ParkReason {
  /** The handler failed more often than the in-memory budget allows. */
  HANDLER_FAILED,
  /** The database of the effects did not answer for longer than the in-memory budget. */
  OUTAGE,
  /** An earlier message of its key is parked. */
  BEHIND,
  /** The payload is not of the form its type and version promise. */
  UNREADABLE,
  /** No class and no handler of the process knows the type. */
  UNKNOWN_TYPE,
  /** The consumer handles the type, but not this version of it. */
  UNKNOWN_VERSION,
  /** The payload store holds nothing for the message's claim. */
  CLAIM_MISSING,
  /** Older than the dedup window at first receipt. */
  EXPIRED,
  /** Larger than the broker or the topic takes. */
  TOO_LARGE,
  /** The broker refused the record for another reason than its size. */
  REFUSED
}
