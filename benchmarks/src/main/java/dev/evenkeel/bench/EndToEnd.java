package dev.evenkeel.bench;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writers in a closed loop; the clock stops when the last event is handled.
 *
 * @param eventsPerSecond handled, over the time from the first write to the last handled
 * @param behindMillis from the last commit to the last handled
 * @param cpuMicros processor time that this JVM used for an event, writers included
 * @param walBytes what the server wrote to its WAL for an event and all that came with it
 */
record EndToEnd(double eventsPerSecond, double behindMillis, double cpuMicros, double walBytes) {

  static final int WRITERS = 16;

  /** More than any machine writes in the longest run. */
  private static final int MOST_ORDERS = 64_000_000;

  private static final Runnable NOTHING = () -> {};

  static EndToEnd measure(BenchDatabase database, Pipeline pipeline, Duration duration)
      throws Exception {
    pipeline.prepare();
    Progress progress = Progress.counting(MOST_ORDERS);
    pipeline.start(progress);
    try (Pipeline.Writer probe = pipeline.openWriter()) {
      probe.write(0, NOTHING);
    }
    progress.await(1);
    database.settle();

    AtomicLong orders = new AtomicLong();
    long walBefore = WalPerEvent.position(database);
    Duration cpuBefore = Cpu.used();
    long from = System.nanoTime();
    long until = from + duration.toNanos();
    long written =
        Writers.run(
            pipeline,
            WRITERS,
            (thread, writer) -> {
              long count = 0;
              for (; System.nanoTime() < until; count++) {
                writer.write(orders.incrementAndGet(), NOTHING);
              }
              return count;
            });
    long writtenAt = System.nanoTime();
    progress.await(written + 1);
    Duration cpu = Cpu.used().minus(cpuBefore);
    long wal = WalPerEvent.position(database) - walBefore;
    return new EndToEnd(
        Rate.perSecond(written, from, progress.lastAt()),
        Math.max(0, progress.lastAt() - writtenAt) / (double) TimeUnit.MILLISECONDS.toNanos(1),
        cpu.toNanos() / (double) TimeUnit.MICROSECONDS.toNanos(1) / written,
        wal / (double) written);
  }
}
