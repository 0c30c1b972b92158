package dev.evenkeel.outbox;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A dead letter as lists show it: without its payload, which may be large.
 *
 * @param consumer the consumer, {@code *} when the type was unknown
 * @param createdAt when the message was appended
 * @param parkedAt when it was parked, by the database's clock; it died later, unless at once
 * @param attempts counted attempts since it became the head of its key or was last retried
 * @param reason why it was parked
 * @param error what the last attempt said, shortened
 * @param payloadBytes size of the payload
 * @param aside whether later messages of its key flow on, see {@link DeadLetterPolicy#SKIP}
 * @param revision how often it was edited
 */
public record DeadLetter(
    String consumer,
    UUID messageId,
    String aggregateType,
    String aggregateId,
    String type,
    int version,
    Instant createdAt,
    Instant parkedAt,
    int attempts,
    ParkReason reason,
    @Nullable String error,
    Map<String, String> headers,
    int payloadBytes,
    boolean aside,
    int revision) {}
