package dev.evenkeel.bench;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Orders at a fixed pace, whatever becomes of them: a late handler delays no write, and a late
 * write is made up for, none is left out.
 *
 * @param perSecond orders
 * @param writers enough that a slow commit keeps no later order waiting
 */
record Pace(int perSecond, int writers) {

  /** How many orders are due in that time. */
  int ordersIn(Duration duration) {
    return (int) (duration.toMillis() * perSecond / TimeUnit.SECONDS.toMillis(1));
  }

  /**
   * Writes orders, each when it is due, and says to {@code progress} when each is about to commit.
   *
   * @param first number of the first order
   */
  void write(Pipeline pipeline, int first, int count, Progress progress) throws Exception {
    long from = System.nanoTime();
    long period = TimeUnit.SECONDS.toNanos(1) / perSecond;
    Writers.run(
        pipeline,
        writers,
        (thread, writer) -> {
          long written = 0;
          for (int order = thread; order < count; order += writers) {
            parkUntil(from + order * period);
            int number = first + order;
            writer.write(number, () -> progress.committing(number));
            written++;
          }
          return written;
        });
  }

  private static void parkUntil(long instant) {
    for (long left = instant - System.nanoTime(); left > 0; left = instant - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
