package dev.evenkeel.autoconfigure;

import dev.evenkeel.transport.kafka.KafkaInboxStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToLongFunction;

/** The meters of receiving from Kafka. */
final class KafkaGauges implements MeterBinder {

  private final KafkaInboxLifecycle inbox;

  KafkaGauges(KafkaInboxLifecycle inbox) {
    this.inbox = inbox;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    gauge(registry, EvenkeelMeters.KAFKA_INBOX_LAG, partition -> Math.max(0, partition.lag()));
    gauge(registry, EvenkeelMeters.KAFKA_INBOX_OPEN, KafkaInboxStatus.Partition::open);
  }

  private void gauge(
      MeterRegistry registry,
      EvenkeelMeters meter,
      ToLongFunction<KafkaInboxStatus.Partition> value) {
    Gauge.builder(
            meter.getName(),
            inbox,
            lifecycle -> lifecycle.status().partitions().stream().mapToLong(value).sum())
        .baseUnit(meter.getBaseUnit())
        .strongReference(true)
        .register(registry);
  }
}
