package dev.evenkeel.outbox;

import java.time.Duration;

/**
 * Range checks of the framework's own options: their sentence names the setting, the range and the
 * actual value.
 */
public final class Checks {

  private Checks() {}

  /** Both bounds are allowed. */
  public static void range(String setting, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          "%s must be between %d and %d, was %d".formatted(setting, min, max, value));
    }
  }

  /** Both bounds are allowed. */
  public static void range(String setting, Duration value, Duration min, Duration max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          "%s must be between %s and %s, was %s".formatted(setting, min, max, value));
    }
  }
}
