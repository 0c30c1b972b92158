package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.Checks;
import dev.evenkeel.outbox.delivery.LaneOptions;
import java.time.Duration;

/**
 * Settings of sending to Kafka.
 *
 * @param topics which topic a message goes to
 * @param source the CloudEvents source of every message, a URI reference such as {@code /orders}
 * @param contentType what the payload codec writes, for CloudEvents; default {@code
 *     application/json}
 * @param createTopics whether to make missing topics with the broker's defaults; default false
 * @param topicBudget how long a topic may be missing or forbidden before its messages are parked,
 *     up to 5 min; default 10 s
 * @param retries attempts and backoffs of parked messages
 * @param window how long ended parked messages are remembered
 * @param receiversReadSource whether consumers of these topics read this database, as those of the
 *     same application do
 * @param skipsDeadLetters whether what the broker refuses for good is set aside, so that later
 *     messages of its key flow on
 */
public record KafkaTransportOptions(
    TopicNames topics,
    String source,
    String contentType,
    boolean createTopics,
    Duration topicBudget,
    LaneOptions retries,
    Duration window,
    boolean receiversReadSource,
    boolean skipsDeadLetters) {

  public KafkaTransportOptions {
    Checks.range("evenkeel.kafka.topic-budget", topicBudget, Duration.ZERO, Duration.ofMinutes(5));
  }

  /**
   * The defaults.
   *
   * @param source the CloudEvents source
   */
  public static KafkaTransportOptions defaults(String source) {
    return new KafkaTransportOptions(
        TopicNames.DEFAULT,
        source,
        "application/json",
        false,
        Duration.ofSeconds(10),
        LaneOptions.defaults(),
        Duration.ofDays(10),
        false,
        false);
  }
}
