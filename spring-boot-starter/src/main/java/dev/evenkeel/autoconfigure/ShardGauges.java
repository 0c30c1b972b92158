package dev.evenkeel.autoconfigure;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import dev.evenkeel.shard.Shards;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/** The meters of the shards and of their pools, which are no beans that Spring Boot would see. */
final class ShardGauges implements MeterBinder {

  private final Shards shards;
  private final ConnectionBudget budget;
  private final ShardPools pools;

  ShardGauges(Shards shards, ConnectionBudget budget, ShardPools pools) {
    this.shards = shards;
    this.budget = budget;
    this.pools = pools;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (String shard : shards.names()) {
      gauge(registry, EvenkeelMeters.SHARD_UP, shard, all -> all.shards.isUp(shard) ? 1 : 0);
      gauge(registry, EvenkeelMeters.SHARD_CONNECTIONS, shard, all -> all.budget.share(shard));
    }
    for (HikariDataSource pool : pools.pools()) {
      if (pool.getMetricsTrackerFactory() == null && pool.getMetricRegistry() == null) {
        pool.setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(registry));
      }
    }
  }

  private void gauge(
      MeterRegistry registry,
      EvenkeelMeters meter,
      String shard,
      ToDoubleFunction<ShardGauges> value) {
    Gauge.builder(meter.getName(), this, value)
        .baseUnit(meter.getBaseUnit())
        .tag(EvenkeelMeters.Tags.SHARD.asString(), shard)
        .strongReference(true)
        .register(registry);
  }
}
