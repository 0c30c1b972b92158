package dev.evenkeel.transport.kafka;

import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
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
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Topics as a test makes, changes and reads them. */
final class Topics implements AutoCloseable {

  private static final String LIMIT = "max.message.bytes";

  /** Key of records that ask for a limit. */
  private static final byte[] PROBE = "probe".getBytes(StandardCharsets.UTF_8);

  private static final long PATIENCE_SECONDS = 60;

  private final Map<String, Object> client;
  private final Admin admin;

  Topics(Map<String, Object> client) {
    this.client = client;
    this.admin = Admin.create(client);
  }

  boolean brokerAnswers() {
    try {
      return admin.describeCluster().nodes().get(2, TimeUnit.SECONDS).size() == 1;
    } catch (ExecutionException | TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  Topics create(String name, int partitions) {
    get(admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all());
    // The broker learns of it a little later than the controller.
    await()
        .ignoreExceptions()
        .until(() -> get(admin.describeTopics(List.of(name)).allTopicNames()).size() == 1);
    return this;
  }

  /** Until the broker takes nothing for it any more: it answers before that. */
  void delete(String name) {
    get(admin.deleteTopics(List.of(name)).all());
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> !get(admin.listTopics().names()).contains(name));
  }

  /** Sets a topic's limit, in force when this returns: the broker answers before that. */
  void maxMessageBytes(String name, int bytes) {
    ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, name);
    String before = get(admin.describeConfigs(List.of(topic)).all()).get(topic).get(LIMIT).value();
    AlterConfigOp limit =
        new AlterConfigOp(
            new ConfigEntry(LIMIT, Integer.toString(bytes)), AlterConfigOp.OpType.SET);
    get(admin.incrementalAlterConfigs(Map.of(topic, List.of(limit))).all());
    boolean raised = bytes > Integer.parseInt(before);
    byte[] value = new byte[raised ? bytes / 10 * 9 : bytes];
    Map<String, Object> unlimited = new HashMap<>(client);
    unlimited.put("max.request.size", Integer.MAX_VALUE);
    try (Producer<byte[], byte[]> producer =
        new KafkaProducer<>(unlimited, new ByteArraySerializer(), new ByteArraySerializer())) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> isTaken(producer, new ProducerRecord<>(name, PROBE, value)) == raised);
    }
  }

  private static boolean isTaken(
      Producer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record)
      throws InterruptedException {
    try {
      producer.send(record).get();
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RecordTooLargeException) {
        return false;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** What a topic holds at this moment, partition by partition, in order. */
  List<ConsumerRecord<byte[], byte[]>> records(String name) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(client, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(name).stream()
              .map(p -> new TopicPartition(name, p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        consumer.poll(Duration.ofMillis(200)).forEach(records::add);
      }
    }
    return records;
  }

  /** How many records a topic has got, those of aborted transactions and the ends included. */
  long size(String name) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(client, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(name).stream()
              .map(p -> new TopicPartition(name, p.partition()))
              .toList();
      return consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /** Payloads of one key in a topic, in order. */
  List<String> payloads(String name, String key) {
    return records(name).stream()
        .filter(r -> r.key() != null && new String(r.key(), StandardCharsets.UTF_8).equals(key))
        .map(r -> new String(r.value(), StandardCharsets.UTF_8))
        .toList();
  }

  /** Messages of a group's partitions that it has not committed. */
  long lag(String group, String name) {
    Map<TopicPartition, OffsetAndMetadata> committed =
        get(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
    long lag = 0;
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(client, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> all =
          consumer.partitionsFor(name).stream()
              .map(p -> new TopicPartition(name, p.partition()))
              .toList();
      for (Map.Entry<TopicPartition, Long> end : consumer.endOffsets(all).entrySet()) {
        OffsetAndMetadata done = committed.get(end.getKey());
        lag += end.getValue() - (done == null ? 0 : done.offset());
      }
    }
    return lag;
  }

  /** A producer of a test's own. */
  Producer<byte[], byte[]> producer() {
    return new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer());
  }

  static <T> T get(KafkaFuture<T> future) {
    try {
      return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
