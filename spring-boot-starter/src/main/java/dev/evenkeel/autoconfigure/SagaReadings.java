package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaCounts;
import dev.evenkeel.saga.SagaEngine;
import dev.evenkeel.saga.spi.SagaShards;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What health, meters and the endpoint show of the sagas. Thread-safe. */
final class SagaReadings {

  private static final Duration KEEP = Duration.ofSeconds(3);

  private final Map<String, Cached<SagaCounts>> counts = new TreeMap<>();
  private final Supplier<SagaEngine> engine;

  SagaReadings(SagaShards shards, Supplier<SagaEngine> engine) {
    this.engine = engine;
    for (String shard : shards.names()) {
      counts.put(
          shard,
          new Cached<>(
              KEEP, () -> shards.isUp(shard) ? engine.get().counts(shard) : null)); // no waiting
    }
  }

  /** Names of the shards, sorted; {@code home} without shards. */
  List<String> shards() {
    return List.copyOf(counts.keySet());
  }

  /** The sagas of a home shard that have not ended; null when they are not known. */
  @Nullable SagaCounts counts(String shard) {
    Cached<SagaCounts> reading = counts.get(shard);
    return reading == null ? null : reading.get();
  }

  /** Why some sagas of a home shard are not gone on with here, each in a sentence. */
  List<String> findings(String shard) {
    return counts.containsKey(shard) ? engine.get().findings(shard) : List.of();
  }
}
