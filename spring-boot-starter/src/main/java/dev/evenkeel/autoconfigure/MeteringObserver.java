package dev.evenkeel.autoconfigure;

import dev.evenkeel.autoconfigure.EvenkeelMeters.Tags;
import dev.evenkeel.outbox.spi.MessageObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts. Meters are looked up once per consumer: the registry's own look-up builds an id each
 * time, too dear for each message.
 */
final class MeteringObserver implements MessageObserver {

  private final MeterRegistry registry;
  private final Counter appended;
  private final Counter sent;
  private final Map<String, Timer> handled = new ConcurrentHashMap<>();
  private final Map<String, Counter> duplicates = new ConcurrentHashMap<>();
  private final Map<String, Counter> retried = new ConcurrentHashMap<>();

  MeteringObserver(MeterRegistry registry) {
    this.registry = registry;
    this.appended = counter(EvenkeelMeters.APPENDED);
    this.sent = counter(EvenkeelMeters.SENT);
  }

  private Counter counter(EvenkeelMeters meter, String... tags) {
    return Counter.builder(meter.getName())
        .baseUnit(meter.getBaseUnit())
        .tags(tags)
        .register(registry);
  }

  private Counter perConsumer(EvenkeelMeters meter, String consumer) {
    return counter(meter, Tags.CONSUMER.asString(), consumer);
  }

  private Counter perReason(EvenkeelMeters meter, String consumer, String reason) {
    return counter(meter, Tags.CONSUMER.asString(), consumer, Tags.REASON.asString(), reason);
  }

  @Override
  public void appended(int messages) {
    appended.increment(messages);
  }

  @Override
  public void sent() {
    sent.increment();
  }

  @Override
  public void handled(String consumer, Duration sinceAppend) {
    Timer timer =
        handled.computeIfAbsent(
            consumer,
            c ->
                Timer.builder(EvenkeelMeters.HANDLED.getName())
                    .tag(Tags.CONSUMER.asString(), c)
                    .register(registry));
    // Append has the database's clock, handling this machine's; a negative time would not count.
    timer.record(sinceAppend.isNegative() ? Duration.ZERO : sinceAppend);
  }

  @Override
  public void duplicate(String consumer) {
    duplicates
        .computeIfAbsent(consumer, c -> perConsumer(EvenkeelMeters.DUPLICATES, c))
        .increment();
  }

  @Override
  public void retried(String consumer) {
    retried.computeIfAbsent(consumer, c -> perConsumer(EvenkeelMeters.RETRIED, c)).increment();
  }

  @Override
  public void parked(String consumer, String reason) {
    perReason(EvenkeelMeters.PARKED, consumer, reason).increment();
  }

  @Override
  public void dead(String consumer, String reason) {
    perReason(EvenkeelMeters.DEAD, consumer, reason).increment();
  }
}
