package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaEngine;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;

/**
 * Runs the sagas of this process: from when everything is there to before anything goes, so that
 * steps find a complete application. The start waits for no database. Thread-safe.
 */
final class SagaLifecycle implements SmartLifecycle {

  private final Supplier<SagaEngine> engine;
  private @Nullable SagaEngine running;

  SagaLifecycle(Supplier<SagaEngine> engine) {
    this.engine = engine;
  }

  @Override
  public int getPhase() {
    return DEFAULT_PHASE; // the highest, as the relay's: last to start, first to stop
  }

  @Override
  public synchronized boolean isRunning() {
    return running != null;
  }

  @Override
  public synchronized void start() {
    if (running == null) {
      SagaEngine started = engine.get();
      started.start();
      running = started;
    }
  }

  @Override
  public synchronized void stop() {
    if (running != null) {
      running.stop();
      running = null;
    }
  }
}
