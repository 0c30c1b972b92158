package dev.evenkeel.autoconfigure;

import java.util.Collection;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits for what was begun for all shards at the same time. */
final class Together {

  private Together() {}

  /**
   * Waits for all, which end by themselves.
   *
   * @param what is being done, for the error
   * @throws RuntimeException that of the first that failed
   */
  static void await(Collection<? extends Future<?>> parts, String what) {
    try {
      for (Future<?> part : parts) {
        part.get();
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(what + " failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(what + " was interrupted", e);
    }
  }
}
