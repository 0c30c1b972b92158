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
 */
public record ParkedMessage(
    String consumer,
    OutboxMessage message,
    ParkedState state,
    ParkReason reason,
    @Nullable String error,
    int attempts,
    Instant parkedAt) {}
