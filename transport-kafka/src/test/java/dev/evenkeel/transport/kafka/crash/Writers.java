package dev.evenkeel.transport.kafka.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that change state and append to the outbox, over a few keys. A failed commit is not
 * repeated: whether it took place is for the state to tell.
 */
final class Writers {

  private static final Logger log = LoggerFactory.getLogger(Writers.class);

  private static final int THREADS = 4;
  private static final int KEYS = 20;
  private static final int PAUSE_MILLIS = 100;

  private final Application application;
  private final long seed;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  Writers(Application application, long seed) {
    this.application = application;
    this.seed = seed;
  }

  Writers start() {
    for (int n = 0; n < THREADS; n++) {
      Random random = new Random(seed + n);
      Thread thread = new Thread(() -> write(random), "writer-" + n);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
    return this;
  }

  private void write(Random random) {
    while (!stopped) {
      try {
        application.write("key-" + random.nextInt(KEYS));
      } catch (RuntimeException e) {
        log.debug("A write failed, as it may", e);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(PAUSE_MILLIS)));
    }
  }

  /** Begins nothing new and waits for what has begun. */
  void stop() throws InterruptedException {
    stopped = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
