package dev.evenkeel.autoconfigure;

import dev.evenkeel.autoconfigure.EvenkeelMeters.Tags;
import dev.evenkeel.saga.SagaCounts;
import dev.evenkeel.saga.SagaState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/** The gauges of the sagas, for each home shard. */
final class SagaGauges implements MeterBinder {

  private final SagaReadings readings;

  SagaGauges(SagaReadings readings) {
    this.readings = readings;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (String shard : readings.shards()) {
      gauge(EvenkeelMeters.SAGA_ACTIVE_STUCK, shard, SagaCounts::stuck).register(registry);
      for (SagaState state : SagaState.values()) {
        if (!state.isEnded()) {
          gauge(
                  EvenkeelMeters.SAGA_ACTIVE,
                  shard,
                  counts -> counts.byState().getOrDefault(state, 0L))
              .tag(Tags.STATE.asString(), state.name())
              .register(registry);
        }
      }
    }
  }

  private Gauge.Builder<SagaReadings> gauge(
      EvenkeelMeters meter, String shard, ToDoubleFunction<SagaCounts> value) {
    return Gauge.builder(
            meter.getName(),
            readings,
            all -> {
              SagaCounts counts = all.counts(shard);
              return counts == null ? Double.NaN : value.applyAsDouble(counts);
            })
        .baseUnit(meter.getBaseUnit())
        .tag(Tags.SHARD.asString(), shard)
        .strongReference(true);
  }
}
