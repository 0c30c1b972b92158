package dev.evenkeel.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;

/**
 * Sagas in a closed loop: each caller starts one, waits for its end and starts the next.
 *
 * @param nanos from the first start to the last end
 * @param cpuNanos processor time that the callers' and engine's JVM used meanwhile
 * @param latencies from before the caller's transaction to the moment it knows of the end, in
 *     nanoseconds
 */
record SagaLoad(long sagas, long nanos, long cpuNanos, Histogram latencies) {

  private static final int SIGNIFICANT_DIGITS = 3;

  /**
   * Runs sagas until the time is up, at least one per caller.
   *
   * @param numbers gives each saga a number of its own
   * @param saga starts the saga of a number and returns when it has ended
   */
  static SagaLoad run(int callers, Duration duration, LongSupplier numbers, LongConsumer saga)
      throws InterruptedException {
    List<Histogram> latencies = new ArrayList<>();
    List<Callable<Long>> loops = new ArrayList<>();
    Duration cpuBefore = Cpu.used();
    long from = System.nanoTime();
    for (int caller = 0; caller < callers; caller++) {
      Histogram own = new Histogram(SIGNIFICANT_DIGITS);
      latencies.add(own);
      loops.add(
          () -> {
            long start = System.nanoTime();
            do {
              saga.accept(numbers.getAsLong());
              long end = System.nanoTime();
              own.recordValue(end - start);
              start = end;
            } while (start - from < duration.toNanos());
            return own.getTotalCount();
          });
    }
    long sagas = Threads.sum(loops);
    long nanos = System.nanoTime() - from;
    Histogram all = new Histogram(SIGNIFICANT_DIGITS);
    latencies.forEach(all::add);
    return new SagaLoad(sagas, nanos, Cpu.used().minus(cpuBefore).toNanos(), all);
  }

  SagaLoad plus(SagaLoad other) {
    Histogram both = latencies.copy();
    both.add(other.latencies);
    return new SagaLoad(sagas + other.sagas, nanos + other.nanos, cpuNanos + other.cpuNanos, both);
  }

  double perSecond() {
    return Rate.perSecond(sagas, 0, nanos);
  }

  /** Milliseconds that so many percent of the sagas do not exceed. */
  double millis(double percentile) {
    return latencies.getValueAtPercentile(percentile) / (double) TimeUnit.MILLISECONDS.toNanos(1);
  }

  /** Processor time of one saga, in microseconds. */
  double cpuMicros() {
    return cpuNanos / (double) TimeUnit.MICROSECONDS.toNanos(1) / sagas;
  }
}
