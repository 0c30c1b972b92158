package dev.evenkeel.bench;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Orders at a fixed pace, whatever becomes of them: a late handler delays no write, and a late
 * write is made up for, none is left out. The delay runs from just before the transaction's commit,
 * when all else of it is done, to the handler's beginning; so the commit itself is part of it, for
 * every variant alike (a handler may well begin before the writer learns of its commit).
 *
 * @param p50Millis median
 * @param p99Millis 99th percentile
 * @param maxMillis longest
 */
record Delay(double p50Millis, double p99Millis, double maxMillis) {

  private static final int PER_SECOND = 250;
  private static final Duration PERIOD = Duration.ofSeconds(1).dividedBy(PER_SECOND);
  private static final Duration WARM_UP = Duration.ofSeconds(3);

  /** Enough that a slow commit keeps no later order waiting. */
  private static final int WRITERS = 8;

  static Delay measure(BenchDatabase database, Pipeline pipeline, Duration duration)
      throws Exception {
    int warmUp = (int) WARM_UP.toSeconds() * PER_SECOND;
    int orders = warmUp + (int) duration.toSeconds() * PER_SECOND;
    pipeline.prepare();
    Progress progress = Progress.timing(orders, warmUp);
    pipeline.start(progress);
    database.settle();

    long from = System.nanoTime();
    Writers.run(
        pipeline,
        WRITERS,
        (thread, writer) -> {
          long count = 0;
          for (int order = thread; order < orders; order += WRITERS) {
            parkUntil(from + order * PERIOD.toNanos());
            int number = order;
            writer.write(number, () -> progress.committing(number));
            count++;
          }
          return count;
        });
    progress.await(orders);
    Histogram delays = progress.delays();
    return new Delay(
        millis(delays.getValueAtPercentile(50)),
        millis(delays.getValueAtPercentile(99)),
        millis(delays.getMaxValue()));
  }

  private static void parkUntil(long instant) {
    for (long left = instant - System.nanoTime(); left > 0; left = instant - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static double millis(long nanos) {
    return nanos / (double) TimeUnit.MILLISECONDS.toNanos(1);
  }
}
