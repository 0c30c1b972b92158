package dev.evenkeel.saga;

/** What a step does that meets the lock of another saga. */
public enum LockMode {
  /** It says no, and the saga turns back. */
  FAIL,
  /**
   * It is rolled back and tried again until the lock is free. After the longest wait it says no, as
   * does the youngest of several sagas that wait for each other.
   */
  WAIT
}
