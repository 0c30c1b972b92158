package dev.evenkeel.saga;

/**
 * What became of a step. Stored by name; the first committed one is final, {@link #STARTED}
 * excepted.
 */
enum Outcome {
  /** It took effect. */
  DONE,
  /** It said no, for business reasons. */
  REFUSED,
  /** It did not happen, and from now on can't. */
  FENCED,
  /** A call outside a transaction is under way. */
  STARTED,
  /** Nobody knows whether that call took effect. */
  UNKNOWN,
  /** An operator let the saga go on without it. */
  SKIPPED;

  /** Whether steps that come after it can begin. */
  boolean lets() {
    return this == DONE || this == SKIPPED;
  }
}
