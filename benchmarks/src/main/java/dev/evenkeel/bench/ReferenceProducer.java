package dev.evenkeel.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.debezium.engine.DebeziumEngine.ChangeConsumer;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * The bare reference's way to Kafka: each row becomes a record with its payload, the aggregate's id
 * as key and two headers, given to a producer on the engine's thread. A row is confirmed to the
 * engine in order, when the broker has acknowledged it and all before it; nobody waits for the
 * broker as long as few are under way. Fixed, like the rest of the reference: the producer has
 * {@code acks=all}, is idempotent, does not linger, and is otherwise as Kafka makes it.
 */
final class ReferenceProducer
    implements ChangeConsumer<RecordChangeEvent<SourceRecord>>, AutoCloseable {

  /** As many as the relay allows itself by default. */
  private static final int MOST_UNDER_WAY = 8_192;

  private record Sent(RecordChangeEvent<SourceRecord> row, Future<RecordMetadata> outcome) {}

  private final Producer<byte[], byte[]> producer;
  private final String topic;
  private final Deque<Sent> underWay = new ArrayDeque<>();

  ReferenceProducer(String servers, String topic) {
    this(
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                servers,
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true,
                ProducerConfig.LINGER_MS_CONFIG,
                0,
                ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG,
                ByteArraySerializer.class,
                ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG,
                ByteArraySerializer.class)),
        topic);
  }

  ReferenceProducer(Producer<byte[], byte[]> producer, String topic) {
    this.producer = producer;
    this.topic = topic;
  }

  @Override
  public void handleBatch(
      List<RecordChangeEvent<SourceRecord>> rows,
      RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
      throws InterruptedException {
    for (RecordChangeEvent<SourceRecord> row : rows) {
      if (underWay.size() >= MOST_UNDER_WAY) {
        confirm(underWay.remove(), committer);
      }
      underWay.add(new Sent(row, producer.send(record(row))));
    }
    while (!underWay.isEmpty() && underWay.element().outcome().isDone()) {
      confirm(underWay.remove(), committer);
    }
    committer.markBatchFinished();
  }

  private ProducerRecord<byte[], byte[]> record(RecordChangeEvent<SourceRecord> row) {
    Struct after = ((Struct) row.record().value()).getStruct("after");
    List<Header> headers =
        List.of(
            new RecordHeader("id", after.getString("id").getBytes(UTF_8)),
            new RecordHeader("type", after.getString("type").getBytes(UTF_8)));
    byte[] key = after.getString("aggregateid").getBytes(UTF_8);
    return new ProducerRecord<>(topic, null, null, key, after.getBytes("payload"), headers);
  }

  private static void confirm(Sent sent, RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
      throws InterruptedException {
    try {
      sent.outcome().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("The broker did not take a record", e.getCause());
    }
    committer.markProcessed(sent.row());
  }

  @Override
  public void close() {
    producer.close();
  }
}
