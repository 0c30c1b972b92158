package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.spi.SagaObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Every {@link SagaObserver} bean as one. Not an observer itself, so that it is not among the beans
 * it collects.
 */
final class SagaObservers {

  private final SagaObserver observer;

  SagaObservers(List<SagaObserver> observers) {
    observer =
        switch (observers.size()) {
          case 0 -> SagaObserver.NONE;
          case 1 -> observers.get(0);
          default -> new Each(List.copyOf(observers));
        };
  }

  SagaObserver observer() {
    return observer;
  }

  private record Each(List<SagaObserver> observers) implements SagaObserver {

    private void tell(Consumer<SagaObserver> what) {
      observers.forEach(what);
    }

    @Override
    public Attempt attempt(
        String saga,
        UUID sagaId,
        String step,
        boolean compensation,
        int attempt,
        Map<String, String> headers) {
      List<Attempt> attempts = new ArrayList<>(observers.size());
      for (SagaObserver observer : observers) {
        attempts.add(observer.attempt(saga, sagaId, step, compensation, attempt, headers));
      }
      return outcome -> {
        for (int i = attempts.size() - 1; i >= 0; i--) { // scopes close in reverse
          attempts.get(i).ended(outcome);
        }
      };
    }

    @Override
    public void started(String saga) {
      tell(o -> o.started(saga));
    }

    @Override
    public void ended(String saga, UUID sagaId, SagaState state, Duration sinceStart) {
      tell(o -> o.ended(saga, sagaId, state, sinceStart));
    }

    @Override
    public void stuck(String saga, @Nullable String step) {
      tell(o -> o.stuck(saga, step));
    }

    @Override
    public void takenOver(String saga) {
      tell(o -> o.takenOver(saga));
    }

    @Override
    public void signalExpired(String saga) {
      tell(o -> o.signalExpired(saga));
    }
  }
}
