package dev.evenkeel.bench;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * What a sender uses under a load that does not change.
 *
 * @param perSecond what came through
 * @param cpuMicros processor time of the sender's process for a message
 * @param peakBytes the most heap that it had in use, garbage included
 * @param liveBytes heap in use after a collection at the end, still running
 * @param delay from commit to consumer
 */
record Steady(double perSecond, double cpuMicros, long peakBytes, long liveBytes, Delay delay) {

  static final int PER_SECOND = 5_000;

  private static final Pace PACE = new Pace(PER_SECOND, 16);
  private static final Duration WARM_UP = Duration.ofSeconds(5);

  static Steady measure(BenchDatabase database, Pipeline pipeline, Sender sender, Duration duration)
      throws Exception {
    int warmUp = PACE.ordersIn(WARM_UP);
    int orders = PACE.ordersIn(duration);
    pipeline.prepare();
    Progress progress = Progress.timing(warmUp + orders, warmUp);
    pipeline.start(progress);
    database.settle();
    PACE.write(pipeline, 0, warmUp, progress);
    progress.await(warmUp);
    sender.liveBytes(); // the peak is to be of this load

    Sender.Usage before = sender.usage();
    long from = System.nanoTime();
    PACE.write(pipeline, warmUp, orders, progress);
    progress.await(warmUp + orders);
    Sender.Usage after = sender.usage();
    return new Steady(
        Rate.perSecond(orders, from, progress.lastAt()),
        after.cpu().minus(before.cpu()).toNanos()
            / (double) TimeUnit.MICROSECONDS.toNanos(1)
            / orders,
        after.peakBytes(),
        sender.liveBytes(),
        Delay.of(progress.delays()));
  }
}
