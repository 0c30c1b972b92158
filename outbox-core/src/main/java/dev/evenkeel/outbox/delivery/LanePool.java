package dev.evenkeel.outbox.delivery;

import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads of the lanes. What waits here is bounded by what the relay has in flight. */
final class LanePool {

  private static final Logger log = LoggerFactory.getLogger(LanePool.class);

  private final int lanes;
  private final ThreadPoolExecutor threads;
  private int abandoned;

  LanePool(int lanes) {
    this.lanes = lanes;
    this.threads =
        new ThreadPoolExecutor(
            lanes,
            2 * lanes,
            1,
            TimeUnit.MINUTES,
            new LinkedBlockingQueue<>(),
            named("evenkeel-lane-"));
  }

  static ScheduledExecutorService clock(String purpose) {
    return Executors.newSingleThreadScheduledExecutor(named("evenkeel-lane-" + purpose + "-"));
  }

  private static ThreadFactory named(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Runs a task, or drops it when the term is over. */
  void execute(Runnable task) {
    try {
      threads.execute(task);
    } catch (RejectedExecutionException e) {
      log.trace("The lanes are closed; the next leader gets what was queued", e);
    }
  }

  /**
   * A thread is stuck in a handler: another takes its place.
   *
   * @return false when as many are stuck as there are lanes; then none does
   */
  synchronized boolean threadAbandoned() {
    abandoned++;
    resize();
    return abandoned <= lanes;
  }

  synchronized void abandonedThreadReturned() {
    abandoned--;
    resize();
  }

  private void resize() {
    threads.setCorePoolSize(Math.max(lanes, Math.min(2 * lanes, lanes + abandoned)));
  }

  /** Starts nothing more; what runs may finish, its inbox row makes that safe. */
  void shutdown() {
    threads.getQueue().clear();
    threads.shutdown();
  }
}
