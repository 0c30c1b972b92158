package dev.evenkeel.bench;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * The delay of orders at a fixed pace. It runs from just before the transaction's commit, when all
 * else of it is done, to the handler's beginning; so the commit itself is part of it, for every
 * variant alike (a handler may well begin before the writer learns of its commit).
 *
 * @param p50Millis median
 * @param p99Millis 99th percentile
 * @param maxMillis longest
 */
record Delay(double p50Millis, double p99Millis, double maxMillis) {

  private static final Pace PACE = new Pace(250, 8);
  private static final Duration WARM_UP = Duration.ofSeconds(3);

  static Delay measure(BenchDatabase database, Pipeline pipeline, Duration duration)
      throws Exception {
    int warmUp = PACE.ordersIn(WARM_UP);
    int orders = warmUp + PACE.ordersIn(duration);
    pipeline.prepare();
    Progress progress = Progress.timing(orders, warmUp);
    pipeline.start(progress);
    database.settle();

    PACE.write(pipeline, 0, orders, progress);
    progress.await(orders);
    return of(progress.delays());
  }

  /** Of nanoseconds. */
  static Delay of(Histogram delays) {
    return new Delay(
        millis(delays.getValueAtPercentile(50)),
        millis(delays.getValueAtPercentile(99)),
        millis(delays.getMaxValue()));
  }

  private static double millis(long nanos) {
    return nanos / (double) TimeUnit.MILLISECONDS.toNanos(1);
  }
}
