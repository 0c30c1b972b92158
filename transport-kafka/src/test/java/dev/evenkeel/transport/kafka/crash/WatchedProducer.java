package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.transport.kafka.crash.Boundary.Side;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Tells the tripwire what goes into the producer and what the broker has answered. */
public final class WatchedProducer implements ProducerInterceptor<byte[], byte[]> {

  /** Made by the producer. */
  public WatchedProducer() {}

  @Override
  public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
    Tripwire.pass(Boundary.PRODUCE, Side.BEFORE);
    return record;
  }

  @Override
  public void onAcknowledgement(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
    if (exception == null) {
      Tripwire.pass(Boundary.PRODUCE, Side.AFTER);
    }
  }

  @Override
  public void configure(Map<String, ?> settings) {}

  @Override
  public void close() {}
}
