package dev.evenkeel.saga;

/** The answer to a signal or a cancel. */
public enum SignalResult {
  /** It is stored, once the transaction commits, and will be looked at. Not that it has effect. */
  STORED
}
