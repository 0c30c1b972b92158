package dev.evenkeel.outbox;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which dead letters are meant: those that match all that is not null. Start from {@link #all()}.
 *
 * @param consumer exact name
 * @param type exact logical type
 * @param aggregateType exact aggregate type
 * @param aggregateId exact aggregate id
 * @param reason why they were parked
 * @param parkedAfter parked at that instant or later, by the database's clock
 * @param parkedBefore parked before that instant, by the database's clock
 */
public record DeadLetterFilter(
    @Nullable String consumer,
    @Nullable String type,
    @Nullable String aggregateType,
    @Nullable String aggregateId,
    @Nullable ParkReason reason,
    @Nullable Instant parkedAfter,
    @Nullable Instant parkedBefore) {

  private static final DeadLetterFilter ALL =
      new DeadLetterFilter(null, null, null, null, null, null, null);

  /** Every dead letter. */
  public static DeadLetterFilter all() {
    return ALL;
  }

  /** Whether it leaves nothing out. */
  public boolean isAll() {
    return equals(ALL);
  }

  /** Those of one consumer only. */
  public DeadLetterFilter withConsumer(String name) {
    return new DeadLetterFilter(
        name, type, aggregateType, aggregateId, reason, parkedAfter, parkedBefore);
  }

  /** Those of one type only. */
  public DeadLetterFilter withType(String name) {
    return new DeadLetterFilter(
        consumer, name, aggregateType, aggregateId, reason, parkedAfter, parkedBefore);
  }

  /** Those of one key only. */
  public DeadLetterFilter withKey(OrderKey key) {
    return new DeadLetterFilter(
        consumer, type, key.aggregateType(), key.aggregateId(), reason, parkedAfter, parkedBefore);
  }

  /** Those with one reason only. */
  public DeadLetterFilter withReason(ParkReason newReason) {
    return new DeadLetterFilter(
        consumer, type, aggregateType, aggregateId, newReason, parkedAfter, parkedBefore);
  }

  /** Those that were parked at that instant or later only. */
  public DeadLetterFilter withParkedAfter(Instant instant) {
    return new DeadLetterFilter(
        consumer, type, aggregateType, aggregateId, reason, instant, parkedBefore);
  }

  /** Those that were parked before that instant only. */
  public DeadLetterFilter withParkedBefore(Instant instant) {
    return new DeadLetterFilter(
        consumer, type, aggregateType, aggregateId, reason, parkedAfter, instant);
  }
}
