package dev.evenkeel.saga;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.core.task.VirtualThreadTaskExecutor;

/**
 * Threads for attempts: virtual ones where they are wanted and the JVM has them. Bulkheads bound
 * how many run at one time.
 */
final class StepThreads implements AutoCloseable {

  private static final int FIRST_JVM_WITH_VIRTUAL_THREADS = 21;
  private static final long IDLE_SECONDS = 30;

  private final @Nullable VirtualThreadTaskExecutor virtual;
  private final @Nullable ExecutorService platform;

  /**
   * Makes threads.
   *
   * @param most how many the bulkheads let run at one time
   */
  StepThreads(boolean virtualThreads, int most) {
    if (virtualThreads && Runtime.version().feature() >= FIRST_JVM_WITH_VIRTUAL_THREADS) {
      virtual = new VirtualThreadTaskExecutor("evenkeel-saga-");
      platform = null;
    } else {
      virtual = null;
      AtomicInteger count = new AtomicInteger();
      // A thread that has just left a bulkhead may still be on its way to the pool.
      platform =
          new ThreadPoolExecutor(
              0,
              2 * most,
              IDLE_SECONDS,
              TimeUnit.SECONDS,
              new SynchronousQueue<>(),
              task -> {
                Thread thread = new Thread(task, "evenkeel-saga-" + count.incrementAndGet());
                thread.setDaemon(true);
                return thread;
              },
              new ThreadPoolExecutor.CallerRunsPolicy());
    }
  }

  void execute(Runnable work) {
    if (virtual != null) {
      virtual.execute(work);
    } else if (platform != null) {
      platform.execute(work);
    }
  }

  @Override
  public void close() {
    if (platform != null) {
      platform.shutdownNow();
    }
  }
}
