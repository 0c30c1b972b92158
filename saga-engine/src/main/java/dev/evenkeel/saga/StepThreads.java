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

  StepThreads(boolean virtualThreads) {
    if (virtualThreads && Runtime.version().feature() >= FIRST_JVM_WITH_VIRTUAL_THREADS) {
      virtual = new VirtualThreadTaskExecutor("evenkeel-saga-");
      platform = null;
    } else {
      virtual = null;
      AtomicInteger count = new AtomicInteger();
      platform =
          new ThreadPoolExecutor(
              0,
              Integer.MAX_VALUE, // the bulkheads bound it
              IDLE_SECONDS,
              TimeUnit.SECONDS,
              new SynchronousQueue<>(),
              task -> {
                Thread thread = new Thread(task, "evenkeel-saga-" + count.incrementAndGet());
                thread.setDaemon(true);
                return thread;
              });
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
