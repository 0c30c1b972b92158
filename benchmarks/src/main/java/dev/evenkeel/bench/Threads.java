package dev.evenkeel.bench;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Tasks with a thread each. */
final class Threads {

  private Threads() {}

  /**
   * Runs the tasks at the same time and waits for the end of all.
   *
   * @return the sum of what they return
   */
  static long sum(List<? extends Callable<Long>> tasks) throws InterruptedException {
    ExecutorService executor = Executors.newFixedThreadPool(tasks.size());
    try {
      long sum = 0;
      for (Future<Long> result : executor.invokeAll(tasks)) {
        sum += result.get();
      }
      return sum;
    } catch (ExecutionException e) {
      throw new IllegalStateException("A thread failed: " + e.getCause(), e.getCause());
    } finally {
      executor.shutdownNow();
    }
  }
}
