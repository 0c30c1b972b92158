package dev.evenkeel.shard.id;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;

/** Several threads that draw ids. */
final class Threads {

  private Threads() {}

  /** All ids that the threads drew, each an equal share; each thread's must ascend if asked for. */
  static long[] draw(LongSupplier ids, int threads, int total, boolean ascending)
      throws InterruptedException, ExecutionException {
    long[] drawn = new long[total];
    int share = total / threads;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> ends = new ArrayList<>();
      for (int n = 0; n < threads; n++) {
        int first = n * share;
        ends.add(executor.submit(() -> fill(drawn, first, first + share, ids, ascending)));
      }
      for (Future<?> end : ends) {
        end.get();
      }
    } finally {
      executor.shutdownNow();
    }
    return drawn;
  }

  private static void fill(long[] drawn, int from, int to, LongSupplier ids, boolean ascending) {
    long last = Long.MIN_VALUE;
    for (int i = from; i < to; i++) {
      long id = ids.getAsLong();
      if (ascending && id <= last) {
        assertThat(id).as("the id after " + last).isGreaterThan(last);
      }
      drawn[i] = id;
      last = id;
    }
  }
}
