package dev.evenkeel.saga;

import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.saga.spi.SagaShards;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Runs sagas in this process. Thread-safe. */
public final class SagaEngine implements Sagas {

  /**
   * What surrounds the engine.
   *
   * @param shards where sagas and steps live
   * @param slot says which slot the current transaction belongs to
   * @param codec writes commands, results and events
   * @param headers asked at each start, for what the saga carries along
   * @param flushes mappers to flush before a step's row is written
   * @param observer told what happens
   * @param time what timers and retention add to the database's clock
   */
  public record Context(
      SagaShards shards,
      TransactionSlot slot,
      PayloadCodec codec,
      List<HeaderSource> headers,
      List<TransactionFlush> flushes,
      SagaObserver observer,
      TimeSource time) {}

  /** Makes an engine; nothing happens before {@link #start()}. */
  public SagaEngine(SagaOptions options, SagaDefinitions definitions, Context context) {}

  /** Begins to work. Before it, sagas can be started and wait for it. Idempotent. */
  public void start() {
    throw new UnsupportedOperationException();
  }

  /** Takes no more work, lets running attempts end within the lease, gives its sagas up. */
  public void stop() {
    throw new UnsupportedOperationException();
  }

  /** What has not ended on a home shard, as the database has it; bounded by its live instances. */
  public SagaCounts counts(String shard) {
    throw new UnsupportedOperationException();
  }

  @Override
  public StartedSaga start(Object command) {
    throw new UnsupportedOperationException();
  }

  @Override
  public StartedSaga start(String saga, Object command) {
    throw new UnsupportedOperationException();
  }

  @Override
  public SignalResult signal(SagaRef saga, Object event) {
    throw new UnsupportedOperationException();
  }

  @Override
  public SignalResult signal(UUID sagaId, Object event) {
    throw new UnsupportedOperationException();
  }

  @Override
  public SignalResult cancel(SagaRef saga, String reason) {
    throw new UnsupportedOperationException();
  }

  @Override
  public SignalResult cancel(UUID sagaId, String reason) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<SagaStatus> find(SagaRef saga) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<SagaStatus> status(UUID sagaId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<SagaHistoryEntry> history(UUID sagaId) {
    throw new UnsupportedOperationException();
  }
}
