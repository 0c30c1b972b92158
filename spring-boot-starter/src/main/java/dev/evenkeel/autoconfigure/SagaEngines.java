package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaEngine;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The engine of this process, made at the first use. An engine runs once, so a context that is
 * stopped and started again has a new one; sagas can be started and asked about at any time.
 * Thread-safe.
 */
final class SagaEngines {

  private final Supplier<SagaEngine> make;
  private volatile @Nullable SagaEngine current;

  SagaEngines(Supplier<SagaEngine> make) {
    this.make = make;
  }

  /** The engine. */
  SagaEngine current() {
    SagaEngine engine = current; // each start of a saga asks
    return engine == null ? made() : engine;
  }

  private synchronized SagaEngine made() {
    SagaEngine engine = current;
    if (engine == null) {
      engine = make.get();
      current = engine;
    }
    return engine;
  }

  /** Has the next who asks get a new engine. */
  synchronized void renew() {
    current = null;
  }
}
