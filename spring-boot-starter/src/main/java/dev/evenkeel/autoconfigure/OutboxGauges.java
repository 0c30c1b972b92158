package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The gauges of {@link EvenkeelMeters}. Those of the relay exist where this process has one. */
final class OutboxGauges implements MeterBinder {

  private static final double MILLIS_PER_SECOND = 1_000.0;

  private final AllReadings readings;
  private final boolean relays;

  OutboxGauges(AllReadings readings, boolean relays) {
    this.readings = readings;
    this.relays = relays;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    readings.all().forEach(installation -> new Binding(registry, installation).bind(relays));
  }

  private static double retainedBytes(RelayStatus.Lag lag) {
    return lag.retainedBytes() < 0 ? Double.NaN : lag.retainedBytes();
  }

  /** The gauges of one installation. */
  private record Binding(MeterRegistry registry, OutboxReadings readings) {

    void bind(boolean relays) {
      if (relays) {
        status(EvenkeelMeters.LEADER, status -> status.state().leads() ? 1 : 0);
        status(EvenkeelMeters.IN_FLIGHT, RelayStatus::inFlight);
        status(EvenkeelMeters.GAPS, RelayStatus::gaps);
        gauge(EvenkeelMeters.LAG_BYTES, OutboxReadings::lag, OutboxGauges::retainedBytes);
        gauge(
            EvenkeelMeters.LAG_SECONDS,
            OutboxReadings::lag,
            lag -> lag.oldestUnpublished().toMillis() / MILLIS_PER_SECOND);
      }
      gauge(EvenkeelMeters.PARKED_KEYS, OutboxReadings::counts, ParkedMessages.Counts::keys);
      gauge(EvenkeelMeters.DEAD_LETTERS, OutboxReadings::counts, ParkedMessages.Counts::dead);
    }

    private void status(EvenkeelMeters meter, ToDoubleFunction<RelayStatus> value) {
      gauge(meter, OutboxReadings::status, value);
    }

    private <T> void gauge(
        EvenkeelMeters meter,
        Function<OutboxReadings, @Nullable T> reading,
        ToDoubleFunction<T> value) {
      Gauge.builder(
              meter.getName(),
              readings,
              all -> {
                T read = reading.apply(all);
                return read == null ? Double.NaN : value.applyAsDouble(read);
              })
          .baseUnit(meter.getBaseUnit())
          .tag(EvenkeelMeters.Tags.SHARD.asString(), readings.installation())
          .strongReference(true)
          .register(registry);
    }
  }
}
