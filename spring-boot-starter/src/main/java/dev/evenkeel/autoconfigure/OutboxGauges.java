package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/** The gauges of {@link EvenkeelMeters}. Those of the relay exist where this process has one. */
final class OutboxGauges implements MeterBinder {

  private static final double MILLIS_PER_SECOND = 1_000.0;

  private final OutboxReadings readings;
  private final boolean relays;

  OutboxGauges(OutboxReadings readings, boolean relays) {
    this.readings = readings;
    this.relays = relays;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    if (relays) {
      bindStatus(registry, EvenkeelMeters.LEADER, status -> status.state().leads() ? 1 : 0);
      bindStatus(registry, EvenkeelMeters.IN_FLIGHT, RelayStatus::inFlight);
      bindStatus(registry, EvenkeelMeters.GAPS, RelayStatus::gaps);
      bindLag(registry, EvenkeelMeters.LAG_BYTES, OutboxGauges::retainedBytes);
      bindLag(
          registry,
          EvenkeelMeters.LAG_SECONDS,
          lag -> lag.oldestUnpublished().toMillis() / MILLIS_PER_SECOND);
    }
    bindCounts(registry, EvenkeelMeters.PARKED_KEYS, ParkedMessages.Counts::keys);
    bindCounts(registry, EvenkeelMeters.DEAD_LETTERS, ParkedMessages.Counts::dead);
  }

  private static double retainedBytes(RelayStatus.Lag lag) {
    return lag.retainedBytes() < 0 ? Double.NaN : lag.retainedBytes();
  }

  private void bindStatus(
      MeterRegistry registry, EvenkeelMeters meter, ToDoubleFunction<RelayStatus> value) {
    bind(
        registry,
        meter,
        all -> {
          RelayStatus status = all.status();
          return status == null ? Double.NaN : value.applyAsDouble(status);
        });
  }

  private void bindLag(
      MeterRegistry registry, EvenkeelMeters meter, ToDoubleFunction<RelayStatus.Lag> value) {
    bind(
        registry,
        meter,
        all -> {
          RelayStatus.Lag lag = all.lag();
          return lag == null ? Double.NaN : value.applyAsDouble(lag);
        });
  }

  private void bindCounts(
      MeterRegistry registry, EvenkeelMeters meter, ToDoubleFunction<ParkedMessages.Counts> value) {
    bind(
        registry,
        meter,
        all -> {
          ParkedMessages.Counts counts = all.counts();
          return counts == null ? Double.NaN : value.applyAsDouble(counts);
        });
  }

  private void bind(
      MeterRegistry registry, EvenkeelMeters meter, ToDoubleFunction<OutboxReadings> value) {
    Gauge.builder(meter.getName(), readings, value)
        .baseUnit(meter.getBaseUnit())
        .strongReference(true)
        .register(registry);
  }
}
