package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.EvenkeelDatabase;
import dev.evenkeel.testing.TransportContract;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The way to Kafka keeps what the relay relies on in every transport. */
class KafkaTransportContractIT extends TransportContract {

  private final Set<UUID> inTopic = ConcurrentHashMap.newKeySet();
  private EvenkeelDatabase database;
  private TopicNames names;
  private KafkaConsumer<byte[], byte[]> consumer;
  private Thread reader;

  @BeforeEach
  void createTopic() {
    database = EvenkeelDatabase.create();
    names = new TopicNames("t" + UUID.randomUUID() + "." + TopicNames.PLACEHOLDER);
    try (Topics topics = Broker.topics()) {
      topics.create(names.topic(ContractEvent.AGGREGATE_TYPE), 1);
    }
  }

  @AfterEach
  void close() throws InterruptedException {
    consumer.wakeup();
    reader.join();
    database.close();
  }

  @Override
  protected Transport transport(Receiver receiver) {
    consumer =
        new KafkaConsumer<>(
            Broker.client(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    reader = new Thread(() -> read(receiver), "contract-reader");
    reader.start();
    KafkaTransportOptions options = KafkaTransportOptions.defaults("/test");
    return new KafkaTransport(
        new KafkaTransportOptions(
            names,
            options.source(),
            options.contentType(),
            false,
            options.topicBudget(),
            options.retries(),
            options.window(),
            false,
            false),
        Broker.client(),
        installation ->
            new ParkedStore(
                database.dataSource(), database.schema(), MessageObserver.NONE, TimeSource.SYSTEM));
  }

  /** A consumer that is none of the framework's: what it does is no concern of the relay's. */
  private void read(Receiver receiver) {
    String topic = names.topic(ContractEvent.AGGREGATE_TYPE);
    try (KafkaConsumer<byte[], byte[]> polled = consumer) {
      List<TopicPartition> partitions =
          polled.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(topic, p.partition()))
              .toList();
      polled.assign(partitions);
      polled.seekToBeginning(partitions);
      while (true) {
        for (ConsumerRecord<byte[], byte[]> record : polled.poll(Duration.ofMillis(100))) {
          OutboxMessage message = RecordFormat.message(record, ContractEvent.AGGREGATE_TYPE);
          deliver(receiver, message);
        }
      }
    } catch (WakeupException e) {
      Thread.interrupted(); // the test is over
    } catch (RecordFormat.UnreadableRecordException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void deliver(Receiver receiver, OutboxMessage message) {
    try {
      receiver.receive(message);
    } catch (IllegalStateException e) {
      Thread.onSpinWait(); // as the contract's receivers do on purpose
    }
  }

  /** Asked on the producer's own thread, so by a look of another consumer's. */
  @Override
  protected boolean isDurable(OutboxMessage message) {
    if (!inTopic.contains(message.id())) { // a look tells of many
      try (Topics topics = Broker.topics()) {
        topics
            .records(names.topic(ContractEvent.AGGREGATE_TYPE))
            .forEach(
                r ->
                    inTopic.add(
                        UUID.fromString(
                            RecordFormat.text(r.headers().lastHeader(RecordFormat.ID).value()))));
      }
    }
    return inTopic.contains(message.id());
  }
}
