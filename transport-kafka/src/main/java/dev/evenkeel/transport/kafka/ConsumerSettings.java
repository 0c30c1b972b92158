package dev.evenkeel.transport.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The consumer's settings that the protocol needs, over those of the application. */
final class ConsumerSettings {

  private static final int SESSION_TIMEOUT_MILLIS = 10_000;

  private ConsumerSettings() {}

  static Map<String, Object> of(Map<String, Object> application, KafkaInboxOptions options) {
    Map<String, Object> settings = new HashMap<>(application);
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, options.group());
    // Offsets are committed when the effects are, and never by themselves.
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    settings.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, options.node());
    // A new group or partition begins with what the topic holds: "latest" would lose messages.
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.putIfAbsent(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.putIfAbsent(ConsumerConfig.METADATA_MAX_AGE_CONFIG, 10_000);
    if (!"consumer".equals(String.valueOf(settings.get(ConsumerConfig.GROUP_PROTOCOL_CONFIG)))) {
      // Partitions that stay where they are go on working during a rebalance.
      settings.putIfAbsent(
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          CooperativeStickyAssignor.class.getName());
      settings.putIfAbsent(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MILLIS);
    }
    return settings;
  }

  /**
   * How long the group believes in a member that says nothing; where the broker decides, as here.
   */
  static Duration sessionTimeout(Map<String, Object> settings) {
    Object millis =
        settings.getOrDefault(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MILLIS);
    return Duration.ofMillis(Long.parseLong(millis.toString()));
  }
}
