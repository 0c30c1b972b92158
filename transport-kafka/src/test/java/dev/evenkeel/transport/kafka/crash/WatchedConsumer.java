package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.transport.kafka.crash.Boundary.Side;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Tells the tripwire that records were polled and that offsets were committed. */
public final class WatchedConsumer implements ConsumerInterceptor<byte[], byte[]> {

  /** Made by the consumer. */
  public WatchedConsumer() {}

  @Override
  public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
    if (!records.isEmpty()) {
      Tripwire.pass(Boundary.POLL, Side.AFTER);
    }
    return records;
  }

  @Override
  public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    Tripwire.pass(Boundary.OFFSETS, Side.AFTER);
  }

  @Override
  public void configure(Map<String, ?> settings) {}

  @Override
  public void close() {}
}
