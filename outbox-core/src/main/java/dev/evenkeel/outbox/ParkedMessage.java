package dev.evenkeel.outbox;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A message that waits for one consumer.
 *
 * @param consumer the consumer, {@code *} when the type was unknown
 * @param message the message
 * @param state where it stands
 * @param reason why it was parked
 * @param error what the last attempt said, shortened
 * @param attempts counted attempts since it became the head of its key or was last retried by hand
 * @param parkedAt when it was parked, by the database's clock
 * @param aside whether it is a dead letter that does not hold its key, see {@link
 *     DeadLetterPolicy#SKIP}
 * @param revision how often operators edited it
 */
public record ParkedMessage(
    String consumer,
    OutboxMessage message,
    ParkedState state,
    ParkReason reason,
    @Nullable String error,
    int attempts,
    Instant parkedAt,
    boolean aside,
    int revision) {

  /** The same message after what was in front of it has ended. */
  public ParkedMessage asHead() {
    return state == ParkedState.QUEUED
        ? new ParkedMessage(
            consumer, message, ParkedState.RETRYING, reason, error, 0, parkedAt, aside, revision)
        : this;
  }
}
