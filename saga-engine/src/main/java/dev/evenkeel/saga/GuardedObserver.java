package dev.evenkeel.saga;

import dev.evenkeel.saga.spi.SagaObserver;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An observer whose failures are logged and end nothing. */
final class GuardedObserver implements SagaObserver {

  private static final Logger log = LoggerFactory.getLogger(GuardedObserver.class);

  private final SagaObserver observer;

  GuardedObserver(SagaObserver observer) {
    this.observer = observer;
  }

  private static void guarded(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | Error e) {
      log.warn("An observer of sagas failed", e);
    }
  }

  @Override
  public Attempt attempt(
      String saga,
      UUID sagaId,
      String step,
      boolean compensation,
      int attempt,
      Map<String, String> headers) {
    try {
      Attempt watched = observer.attempt(saga, sagaId, step, compensation, attempt, headers);
      return outcome -> guarded(() -> watched.ended(outcome));
    } catch (RuntimeException | Error e) {
      log.warn("An observer of sagas failed", e);
      return Attempt.UNWATCHED;
    }
  }

  @Override
  public void started(String saga) {
    guarded(() -> observer.started(saga));
  }

  @Override
  public void ended(String saga, UUID sagaId, SagaState state, Duration sinceStart) {
    guarded(() -> observer.ended(saga, sagaId, state, sinceStart));
  }

  @Override
  public void stuck(String saga, @Nullable String step) {
    guarded(() -> observer.stuck(saga, step));
  }

  @Override
  public void takenOver(String saga) {
    guarded(() -> observer.takenOver(saga));
  }

  @Override
  public void signalExpired(String saga) {
    guarded(() -> observer.signalExpired(saga));
  }
}
