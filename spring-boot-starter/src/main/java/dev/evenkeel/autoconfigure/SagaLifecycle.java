package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaEngine;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;

/**
 * Runs the sagas of this process: from when everything is there to before anything goes, so that
 * steps find a complete application. The start waits for no database. Thread-safe.
 */
final class SagaLifecycle implements SmartLifecycle {

  private final SagaEngines engines;
  private @Nullable SagaEngine running;

  SagaLifecycle(SagaEngines engines) {
    this.engines = engines;
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
      SagaEngine engine = engines.current();
      engine.start();
      running = engine;
    }
  }

  @Override
  public void stop() {
    SagaEngine engine;
    synchronized (this) {
      engine = running;
      running = null;
    }
    if (engine != null) {
      engine.stop();
      engines.renew();
    }
  }
}
