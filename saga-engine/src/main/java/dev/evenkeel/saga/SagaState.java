package dev.evenkeel.saga;

/** Where an instance stands. Stored by name. */
public enum SagaState {
  /** Steps are taken forward. */
  RUNNING,
  /** Turning back: what has not happened is fenced. Nothing is undone yet. */
  CLOSING,
  /** What has happened is undone. */
  COMPENSATING,
  /** Wholly done. */
  COMPLETED,
  /** Wholly undone. */
  COMPENSATED;

  /** Whether nothing happens any more. */
  public boolean isEnded() {
    return this == COMPLETED || this == COMPENSATED;
  }
}
