package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.transport.kafka.TopicNames;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import tools.jackson.databind.json.JsonMapper;

/** A run's topic, on a broker in this process that all runs share. */
final class Topic implements AutoCloseable {

  /** More than processes, so that each has some. */
  private static final int PARTITIONS = 6;

  private static final int LOW_LIMIT = 20_000;
  private static final int HIGH_LIMIT = 1_000_000;
  private static final long PATIENCE_SECONDS = 20;

  private static final EmbeddedKafkaKraftBroker BROKER = start();
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final String name;
  private final Admin admin;

  private Topic(String name) {
    this.name = name;
    this.admin = Admin.create(client());
  }

  private static EmbeddedKafkaKraftBroker start() {
    EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, PARTITIONS);
    broker.brokerProperty("auto.create.topics.enable", "false");
    broker.brokerProperty("group.initial.rebalance.delay.ms", "0");
    broker.brokerProperty("group.min.session.timeout.ms", "1000");
    broker.afterPropertiesSet();
    Runtime.getRuntime().addShutdownHook(new Thread(broker::destroy, "stop-broker"));
    return broker;
  }

  static String brokers() {
    return BROKER.getBrokersAsString();
  }

  private static Map<String, Object> client() {
    return Map.of("bootstrap.servers", brokers());
  }

  static Topic create(DatabaseInfo database) {
    Topic topic =
        new Topic(
            Application.topics(database).pattern().replace(TopicNames.PLACEHOLDER, "counter"));
    get(topic.admin.createTopics(List.of(new NewTopic(topic.name, PARTITIONS, (short) 1))).all());
    return topic;
  }

  /** Whether it takes large messages from now on. */
  void takesLarge(boolean large) {
    ConfigEntry limit =
        new ConfigEntry("max.message.bytes", Integer.toString(large ? HIGH_LIMIT : LOW_LIMIT));
    get(
        admin
            .incrementalAlterConfigs(
                Map.of(
                    new ConfigResource(ConfigResource.Type.TOPIC, name),
                    List.of(new AlterConfigOp(limit, AlterConfigOp.OpType.SET))))
            .all());
  }

  /** What a plain consumer finds. */
  interface Reader {
    void record(int partition, String key, long version);
  }

  /** Reads all there is, each partition in its order. */
  void read(Reader reader) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(client(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(name).stream()
              .map(info -> new TopicPartition(name, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          Counted event = JSON.readValue(record.value(), Counted.class);
          reader.record(record.partition(), event.key(), event.version());
        }
      }
    }
  }

  private static void get(KafkaFuture<Void> future) {
    try {
      future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    get(admin.deleteTopics(List.of(name)).all());
    admin.close(Duration.ZERO);
  }
}
