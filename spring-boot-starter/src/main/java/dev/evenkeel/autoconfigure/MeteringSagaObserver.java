package dev.evenkeel.autoconfigure;

import dev.evenkeel.autoconfigure.EvenkeelMeters.Tags;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.spi.SagaObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Counts sagas. Meters of the hot paths are looked up once, as in {@link MeteringObserver}. Names
 * of sagas and steps are the application's definitions, so there are not many of them.
 */
final class MeteringSagaObserver implements SagaObserver {

  private static final String NO_STEP = "none";

  private record AttemptKey(String saga, String step, boolean compensation, String outcome) {}

  private record EndKey(String saga, SagaState state) {}

  private final MeterRegistry registry;
  private final Map<String, Counter> started = new ConcurrentHashMap<>();
  private final Map<EndKey, Timer> ended = new ConcurrentHashMap<>();
  private final Map<AttemptKey, Timer> attempts = new ConcurrentHashMap<>();

  MeteringSagaObserver(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public Attempt attempt(
      String saga,
      UUID sagaId,
      String step,
      boolean compensation,
      int attempt,
      Map<String, String> headers) {
    long began = System.nanoTime();
    return outcome ->
        attempts
            .computeIfAbsent(new AttemptKey(saga, step, compensation, outcome), this::timer)
            .record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
  }

  private Timer timer(AttemptKey key) {
    return Timer.builder(EvenkeelMeters.SAGA_STEP.getName())
        .tag(Tags.SAGA.asString(), key.saga())
        .tag(Tags.STEP.asString(), key.step())
        .tag(Tags.DIRECTION.asString(), key.compensation() ? "compensation" : "forward")
        .tag(Tags.OUTCOME.asString(), key.outcome())
        .register(registry);
  }

  private Timer timer(EndKey key) {
    return Timer.builder(EvenkeelMeters.SAGA_ENDED.getName())
        .tag(Tags.SAGA.asString(), key.saga())
        .tag(Tags.STATE.asString(), key.state().name())
        .register(registry);
  }

  private Counter counter(EvenkeelMeters meter, String... tags) {
    return Counter.builder(meter.getName())
        .baseUnit(meter.getBaseUnit())
        .tags(tags)
        .register(registry);
  }

  private Counter perSaga(EvenkeelMeters meter, String saga) {
    return counter(meter, Tags.SAGA.asString(), saga);
  }

  @Override
  public void started(String saga) {
    started.computeIfAbsent(saga, s -> perSaga(EvenkeelMeters.SAGA_STARTED, s)).increment();
  }

  @Override
  public void ended(String saga, UUID sagaId, SagaState state, Duration sinceStart) {
    ended
        .computeIfAbsent(new EndKey(saga, state), this::timer)
        // Two clocks, as when a message is handled; a negative time would not count.
        .record(sinceStart.isNegative() ? Duration.ZERO : sinceStart);
  }

  @Override
  public void stuck(String saga, @Nullable String step) {
    counter(
            EvenkeelMeters.SAGA_STUCK,
            Tags.SAGA.asString(),
            saga,
            Tags.STEP.asString(),
            step == null ? NO_STEP : step)
        .increment();
  }

  @Override
  public void takenOver(String saga) {
    perSaga(EvenkeelMeters.SAGA_TAKEN_OVER, saga).increment();
  }

  @Override
  public void signalExpired(String saga) {
    perSaga(EvenkeelMeters.SAGA_SIGNALS_EXPIRED, saga).increment();
  }
}
