package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaAction;
import dev.evenkeel.saga.SagaBatch;
import dev.evenkeel.saga.SagaFilter;
import dev.evenkeel.saga.SagaOperations;
import dev.evenkeel.saga.SagaPage;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Asks for the engine each time: it is made late, and another one after a restart. */
final class DeferredSagaOperations implements SagaOperations {

  private final Supplier<SagaOperations> operations;

  DeferredSagaOperations(Supplier<SagaOperations> operations) {
    this.operations = operations;
  }

  @Override
  public SagaPage search(SagaFilter filter, int limit, @Nullable String after) {
    return operations.get().search(filter, limit, after);
  }

  @Override
  public List<SagaAction> actions(UUID sagaId) {
    return operations.get().actions(sagaId);
  }

  @Override
  public void retryNow(UUID sagaId, String by, String because) {
    operations.get().retryNow(sagaId, by, because);
  }

  @Override
  public void skip(UUID sagaId, Target target, @Nullable String result, String by, String because) {
    operations.get().skip(sagaId, target, result, by, because);
  }

  @Override
  public void resolve(UUID sagaId, Target target, String by, String because) {
    operations.get().resolve(sagaId, target, by, because);
  }

  @Override
  public void cancel(UUID sagaId, String by, String because) {
    operations.get().cancel(sagaId, by, because);
  }

  @Override
  public SagaBatch retryNow(SagaFilter filter, @Nullable String after, String by, String because) {
    return operations.get().retryNow(filter, after, by, because);
  }

  @Override
  public SagaBatch skip(
      SagaFilter filter,
      @Nullable String after,
      Target target,
      @Nullable String result,
      String by,
      String because) {
    return operations.get().skip(filter, after, target, result, by, because);
  }

  @Override
  public SagaBatch resolve(
      SagaFilter filter, @Nullable String after, Target target, String by, String because) {
    return operations.get().resolve(filter, after, target, by, because);
  }

  @Override
  public SagaBatch cancel(SagaFilter filter, @Nullable String after, String by, String because) {
    return operations.get().cancel(filter, after, by, because);
  }
}
