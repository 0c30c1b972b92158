package dev.evenkeel.outbox;

/** States of a parked message. Stored by name. */
public enum ParkedState {
  /** Waits behind an earlier message of its key; the releaser makes it the head. */
  QUEUED,
  /** Head of its key; the releaser tries it when it is due. */
  RETRYING,
  /**
   * A dead letter: its key waits until somebody retries or discards it, unless it was set aside.
   * Retried it is RETRYING; where it was set aside and its key is parked anew, QUEUED in front.
   */
  DEAD,
  /** Ended: a release took effect. Reaped after the dedup window. */
  HANDLED,
  /** Ended: somebody decided against it. Reaped after the dedup window. */
  DISCARDED
}
