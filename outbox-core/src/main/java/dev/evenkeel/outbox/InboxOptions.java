package dev.evenkeel.outbox;

import java.time.Duration;

/**
 * Settings of the receiving side.
 *
 * @param schema the installation's schema
 * @param window how long a handled message is remembered; older ones are dead letters (EXPIRED) at
 *     first receipt; default 10 days
 * @param handlerTimeout longest time a handler may take, below the relay's lease; default 5 s
 * @param commit when the transaction of a handler waits for the disk; default DURABLE
 */
public record InboxOptions(
    String schema, Duration window, Duration handlerTimeout, InboxCommit commit) {

  public InboxOptions {
    if (handlerTimeout.toMillis() < 1) {
      throw new IllegalArgumentException(
          "evenkeel.inbox.handler-timeout must be at least 1ms, was " + handlerTimeout);
    }
    if (window.isNegative() || window.isZero()) {
      throw new IllegalArgumentException("evenkeel.inbox.window must be positive, was " + window);
    }
  }

  /** With durable commits. */
  public InboxOptions(String schema, Duration window, Duration handlerTimeout) {
    this(schema, window, handlerTimeout, InboxCommit.DURABLE);
  }

  /** Schema {@code evenkeel}, 10 days, 5 seconds, durable commits. */
  public static InboxOptions defaults() {
    return new InboxOptions("evenkeel", Duration.ofDays(10), Duration.ofSeconds(5));
  }
}
