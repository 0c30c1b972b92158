package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A consumer group of one test: database, topic, what was sent, and the oracle. */
final class Group implements AutoCloseable {

  static final Duration SOON = Duration.ofSeconds(60);

  private final EvenkeelDatabase database = EvenkeelDatabase.create();
  private final Journal journal = Journal.create(database.dataSource());
  private final String name = "g" + UUID.randomUUID();
  private final RecordFormat format;
  private final Topics topics = Broker.topics();
  private final Producer<byte[], byte[]> producer = topics.producer();
  private final Map<String, Integer> sent = new TreeMap<>();
  private final ParkedStore parked;

  Group(int partitions) {
    TopicNames names = new TopicNames(name + "." + TopicNames.PLACEHOLDER);
    format = new RecordFormat(names, "/test", "application/json");
    topics.create(topic(), partitions);
    parked =
        new ParkedStore(
            database.dataSource(), database.schema(), MessageObserver.NONE, TimeSource.SYSTEM);
  }

  String name() {
    return name;
  }

  String topic() {
    return name + "." + ContractEvent.AGGREGATE_TYPE;
  }

  EvenkeelDatabase database() {
    return database;
  }

  Journal journal() {
    return journal;
  }

  Topics topics() {
    return topics;
  }

  ParkedStore parked() {
    return parked;
  }

  Producer<byte[], byte[]> producer() {
    return producer;
  }

  Member.Orders orders(String node) {
    return orders(node, 0);
  }

  Member.Orders orders(String node, int handlingMicros) {
    return new Member.Orders(
        database.info(),
        (String) Broker.client().get("bootstrap.servers"),
        name,
        node,
        handlingMicros);
  }

  /** The next message of a key. */
  OutboxMessage message(String key) {
    int number = sent.merge(key, 1, Integer::sum);
    return OutboxMessage.of(
        ContractEvent.TYPE,
        1,
        ContractEvent.AGGREGATE_TYPE,
        key,
        "{\"key\":\"%s\",\"number\":%d}".formatted(key, number).getBytes(StandardCharsets.UTF_8));
  }

  ProducerRecord<byte[], byte[]> record(OutboxMessage message) {
    return format.record(message);
  }

  /** Sends the next messages of a key. */
  List<OutboxMessage> send(String key, int count) {
    List<OutboxMessage> messages = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      OutboxMessage message = message(key);
      messages.add(message);
      producer.send(record(message));
    }
    return messages;
  }

  long sent() {
    return sent.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Waits until everything took effect and is committed, then asks the oracle. */
  void awaitAllAndVerify() {
    producer.flush();
    await().atMost(SOON).until(() -> journal.effects() >= sent());
    await().atMost(SOON).until(() -> topics.lag(name, topic()) == 0);
    verify();
  }

  /** Every effect once, nothing lost, first attempts and effects of each key in order. */
  void verify() {
    assertThat(journal.distinctEffects()).as("messages handled").isEqualTo(sent());
    assertThat(journal.effects()).as("effects").isEqualTo(sent());
    Map<String, List<Integer>> firstAttempts = journal.firstAttempts();
    Map<String, List<Integer>> effects = journal.effectsByKey();
    sent.forEach(
        (key, count) -> {
          List<Integer> inOrder = IntStream.rangeClosed(1, count).boxed().toList();
          assertThat(firstAttempts.get(key)).as("first attempts of " + key).isEqualTo(inOrder);
          assertThat(effects.get(key)).as("effects of " + key).isEqualTo(inOrder);
        });
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
    topics.close();
    database.close();
  }
}
