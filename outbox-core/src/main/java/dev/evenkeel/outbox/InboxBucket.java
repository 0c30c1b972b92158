package dev.evenkeel.outbox;

import java.time.Instant;

/**
 * Which partition of the inbox a message belongs to: a fixed function of the message, so that the
 * unique key inside the partition is unique for the message.
 *
 * @param buckets number of partitions
 * @param widthSeconds seconds per partition
 */
record InboxBucket(int buckets, long widthSeconds) {

  int of(OutboxMessage message) {
    Instant instant = MessageIds.instantOf(message.id()).orElse(message.createdAt());
    return (int)
        Math.floorMod(Math.floorDiv(instant.getEpochSecond(), widthSeconds), (long) buckets);
  }
}
