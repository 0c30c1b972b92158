package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.outbox.OutboxEvent;

/**
 * Announces that the state of a key has reached a version.
 *
 * @param ballast makes some too large for a topic with a low limit
 */
@OutboxEvent(type = "counted", aggregateType = "counter", key = "key")
record Counted(String key, long version, String ballast) {

  private static final int LARGE_EVERY = 50;
  private static final int STUMBLES_EVERY = 40;
  private static final int BALLAST = 30_000;

  static Counted of(String key, long version) {
    boolean large = version % LARGE_EVERY == LARGE_EVERY / 2;
    return new Counted(key, version, large ? "x".repeat(BALLAST) : "");
  }

  /** Its handler fails until it is parked. */
  boolean stumbles() {
    return version % STUMBLES_EVERY == STUMBLES_EVERY / 2 - 1;
  }
}
