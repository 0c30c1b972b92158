package dev.evenkeel.bench;

import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Calls in a closed loop.
 *
 * @param nanos from the first call to the end of the last
 * @param cpuNanos processor time that this JVM used meanwhile
 * @param checksum of what the calls returned: the JVM would leave out what nobody looks at
 */
record Load(long calls, long nanos, long cpuNanos, long checksum) {

  /**
   * Lets threads call until the time is up, each at least once.
   *
   * @param callsPerLook how many calls go by between two looks at the clock; 1 where a call takes
   *     long
   * @param call what is measured; any thread may call it
   */
  static Load run(int threads, Duration duration, int callsPerLook, LongSupplier call)
      throws InterruptedException {
    LongAdder checksum = new LongAdder();
    Duration cpuBefore = Cpu.used();
    long from = System.nanoTime();
    long until = from + duration.toNanos();
    Callable<Long> loop =
        () -> {
          long calls = 0;
          long seen = 0;
          do {
            for (int n = 0; n < callsPerLook; n++) {
              seen += call.getAsLong();
            }
            calls += callsPerLook;
          } while (System.nanoTime() - until < 0);
          checksum.add(seen);
          return calls;
        };
    long calls = Threads.sum(Collections.nCopies(threads, loop));
    long nanos = System.nanoTime() - from;
    long cpuNanos = Cpu.used().minus(cpuBefore).toNanos();
    return new Load(calls, nanos, cpuNanos, checksum.sum());
  }

  Load plus(Load other) {
    return new Load(
        calls + other.calls,
        nanos + other.nanos,
        cpuNanos + other.cpuNanos,
        checksum + other.checksum);
  }

  double perSecond() {
    return Rate.perSecond(calls, 0, nanos);
  }

  /** Processor time of one call, in microseconds. */
  double cpuMicros() {
    return cpuNanos / (double) TimeUnit.MICROSECONDS.toNanos(1) / calls;
  }
}
