package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaHistoryEntry;
import dev.evenkeel.saga.SagaRef;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.SignalResult;
import dev.evenkeel.saga.StartedSaga;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The engine, asked for at the first use: a service that starts a saga is often one that the saga's
 * steps use, and could not be made if it needed the finished definitions first.
 */
final class DeferredSagas implements Sagas {

  private final Supplier<? extends Sagas> engine;

  DeferredSagas(Supplier<? extends Sagas> engine) {
    this.engine = engine;
  }

  @Override
  public StartedSaga start(Object command) {
    return engine.get().start(command);
  }

  @Override
  public StartedSaga start(String saga, Object command) {
    return engine.get().start(saga, command);
  }

  @Override
  public SignalResult signal(SagaRef saga, Object event) {
    return engine.get().signal(saga, event);
  }

  @Override
  public SignalResult signal(UUID sagaId, Object event) {
    return engine.get().signal(sagaId, event);
  }

  @Override
  public SignalResult cancel(SagaRef saga, String reason) {
    return engine.get().cancel(saga, reason);
  }

  @Override
  public SignalResult cancel(UUID sagaId, String reason) {
    return engine.get().cancel(sagaId, reason);
  }

  @Override
  public Optional<SagaStatus> find(SagaRef saga) {
    return engine.get().find(saga);
  }

  @Override
  public Optional<SagaStatus> status(UUID sagaId) {
    return engine.get().status(sagaId);
  }

  @Override
  public List<SagaHistoryEntry> history(UUID sagaId) {
    return engine.get().history(sagaId);
  }
}
