package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.Checks;
import dev.evenkeel.outbox.delivery.LaneOptions;
import java.time.Duration;

/**
 * Settings of receiving from Kafka.
 *
 * @param group id of the consumer group; part of what parked messages are known by, so keep it
 * @param node name of this process, for operators; unique per process
 * @param topics which topic an aggregate type's messages come by
 * @param lanes threads, attempts and backoffs of deliveries
 * @param maxInFlight most messages polled and not done, 1 to 1,000,000; default 4,096
 * @param maxInFlightBytes most bytes of those, 1 MiB to 1 GiB; default 32 MiB; what one poll brings
 *     passes whole
 * @param commitInterval how often offsets are committed, 10 ms to 1 min; default 500 ms
 */
public record KafkaInboxOptions(
    String group,
    String node,
    TopicNames topics,
    LaneOptions lanes,
    int maxInFlight,
    long maxInFlightBytes,
    Duration commitInterval) {

  public KafkaInboxOptions {
    if (group.isBlank()) {
      throw new IllegalArgumentException(
          "evenkeel.kafka.inbox.group must be a name; set it or spring.application.name");
    }
    Checks.range("evenkeel.kafka.inbox.max-in-flight", maxInFlight, 1, 1_000_000);
    Checks.range("evenkeel.kafka.inbox.max-in-flight-bytes", maxInFlightBytes, 1L << 20, 1L << 30);
    Checks.range(
        "evenkeel.kafka.inbox.commit-interval",
        commitInterval,
        Duration.ofMillis(10),
        Duration.ofMinutes(1));
  }

  /** The defaults. */
  public static KafkaInboxOptions defaults(String group, String node) {
    return new KafkaInboxOptions(
        group,
        node,
        TopicNames.DEFAULT,
        LaneOptions.defaults(),
        4_096,
        32L << 20,
        Duration.ofMillis(500));
  }
}
