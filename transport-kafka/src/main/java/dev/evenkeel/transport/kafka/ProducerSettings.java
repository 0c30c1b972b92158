package dev.evenkeel.transport.kafka;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The producer's settings that the protocol needs, over those of the application. */
final class ProducerSettings {

  private static final int NEVER = Integer.MAX_VALUE;

  private ProducerSettings() {}

  /**
   * The application's settings with ours.
   *
   * @throws IllegalArgumentException if the application asks for what would lose or reorder
   *     messages, all mistakes in one message
   */
  static Map<String, Object> of(Map<String, Object> application) {
    List<String> mistakes = new ArrayList<>();
    require(application, mistakes, ProducerConfig.ACKS_CONFIG, "all", "-1");
    require(application, mistakes, ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    if (application.containsKey(ProducerConfig.TRANSACTIONAL_ID_CONFIG)) {
      mistakes.add("transactional.id must not be set: the relay's producer has no transactions");
    }
    require(application, mistakes, ProducerConfig.PARTITIONER_IGNORE_KEYS_CONFIG, "false");
    if (application.containsKey(ProducerConfig.PARTITIONER_CLASS_CONFIG)) {
      mistakes.add(
          "partitioner.class must not be set: order is kept by Kafka's own placing of keys");
    }
    if (!mistakes.isEmpty()) {
      throw new IllegalArgumentException(
          "The Kafka producer of the relay can't be set so: " + String.join("; ", mistakes));
    }
    Map<String, Object> settings = new HashMap<>(application);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    // A record waits for its broker as long as the term lasts; the WAL keeps what is not sent yet.
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, NEVER);
    settings.put(ProducerConfig.RETRIES_CONFIG, NEVER);
    // A refused record must stop its successors: with one request at a time none is on its way yet.
    settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
    settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 5_000);
    // Without lingering a batch is what gathered while the last request was under way.
    settings.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, 0);
    settings.putIfAbsent(ProducerConfig.BATCH_SIZE_CONFIG, 128 * 1024);
    settings.putIfAbsent(ProducerConfig.BUFFER_MEMORY_CONFIG, 64L * 1024 * 1024);
    settings.putIfAbsent(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1_000);
    return settings;
  }

  /** Whether records go out as they are. */
  static boolean uncompressed(Map<String, Object> settings) {
    return "none"
        .equals(
            String.valueOf(settings.getOrDefault(ProducerConfig.COMPRESSION_TYPE_CONFIG, "none")));
  }

  private static void require(
      Map<String, Object> application, List<String> mistakes, String name, String... allowed) {
    Object value = application.get(name);
    if (value != null && !List.of(allowed).contains(value.toString())) {
      mistakes.add("%s must be %s, was %s".formatted(name, allowed[0], value));
    }
  }
}
