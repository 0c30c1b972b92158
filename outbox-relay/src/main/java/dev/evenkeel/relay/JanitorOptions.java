package dev.evenkeel.relay;

import dev.evenkeel.outbox.Checks;
import java.time.Duration;

/**
 * Settings of the janitor.
 *
 * @param interval how often it looks, 100 ms to 1 h; default 1 min
 * @param outboxRetention how long published messages stay in the outbox's ring, up to 30 d; default
 *     6 h
 * @param inboxWindow how long handled messages are remembered; default 10 d
 */
public record JanitorOptions(Duration interval, Duration outboxRetention, Duration inboxWindow) {

  public JanitorOptions {
    Checks.range(
        "evenkeel.janitor.interval", interval, Duration.ofMillis(100), Duration.ofHours(1));
    Checks.range("evenkeel.outbox.retention", outboxRetention, Duration.ZERO, Duration.ofDays(30));
    Checks.range("evenkeel.inbox.window", inboxWindow, Duration.ofSeconds(1), Duration.ofDays(365));
  }

  /** Every minute, 6 hours, 10 days. */
  public static JanitorOptions defaults() {
    return new JanitorOptions(Duration.ofMinutes(1), Duration.ofHours(6), Duration.ofDays(10));
  }
}
