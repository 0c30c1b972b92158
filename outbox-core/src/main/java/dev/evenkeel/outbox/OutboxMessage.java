package dev.evenkeel.outbox;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way from outbox to inbox. Immutable; callers must not change the payload array.
 *
 * <p>What an append refuses (a blank key, version 0) can still be in a table that other hands
 * wrote, so it is {@link Outbox#append(OutboxMessage)} that checks, not this record.
 *
 * @param id identity, UUIDv7 when made by the framework; the inbox knows a message by it
 * @param aggregateType with {@code aggregateId} the order key
 * @param aggregateId the aggregate's id as text
 * @param type logical type name
 * @param version version of the payload's form, from 1
 * @param payload the encoded event
 * @param headers trace context, correlation, causation, tenant and what the application adds
 * @param createdAt when it was appended; from the wire the database's clock
 */
@SuppressWarnings(
    "ArrayRecordComponent") // copying a payload per hop costs; equality is by id below
public record OutboxMessage(
    UUID id,
    String aggregateType,
    String aggregateId,
    String type,
    int version,
    byte[] payload,
    Map<String, String> headers,
    Instant createdAt) {

  public OutboxMessage {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(aggregateType, "aggregateType");
    Objects.requireNonNull(aggregateId, "aggregateId");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(payload, "payload");
    headers = Map.copyOf(headers);
    Objects.requireNonNull(createdAt, "createdAt");
  }

  /** A new message with a fresh UUIDv7, no headers and the present instant. */
  public static OutboxMessage of(
      String type, int version, String aggregateType, String aggregateId, byte[] payload) {
    return new OutboxMessage(
        MessageIds.next(),
        aggregateType,
        aggregateId,
        type,
        version,
        payload,
        Map.of(),
        Instant.now());
  }

  /** The same message with other headers. */
  public OutboxMessage withHeaders(Map<String, String> newHeaders) {
    return new OutboxMessage(
        id, aggregateType, aggregateId, type, version, payload, newHeaders, createdAt);
  }

  /** The same message with another payload and other headers. */
  OutboxMessage with(byte[] newPayload, Map<String, String> newHeaders) {
    return new OutboxMessage(
        id, aggregateType, aggregateId, type, version, newPayload, newHeaders, createdAt);
  }

  /**
   * Slot of the transaction that appended it; null where the application is not sharded, or
   * something else than a slot stands in the header.
   */
  public @Nullable Integer slot() {
    String slot = headers.get(MessageHeaders.SLOT);
    if (slot == null) {
      return null;
    }
    try {
      int number = Integer.parseInt(slot);
      return number >= 0 && number < SlotHash.SLOTS ? number : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** The order key. */
  public OrderKey orderKey() {
    return new OrderKey(aggregateType, aggregateId);
  }

  /** Messages are the same when their ids are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof OutboxMessage that && id.equals(that.id);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  @Override
  public String toString() {
    return type + " v" + version + " " + id + " of " + aggregateType + "/" + aggregateId;
  }
}
