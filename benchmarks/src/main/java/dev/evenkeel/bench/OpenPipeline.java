package dev.evenkeel.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A pipeline that has been started on a database of its own and is put under load again and again.
 * One thread.
 */
final class OpenPipeline implements AutoCloseable {

  /** More than any machine writes in the longest run. */
  private static final int MOST_ORDERS = 64_000_000;

  private static final Runnable NOTHING = () -> {};

  private final BenchDatabase database;
  private final Pipeline pipeline;
  private final Progress progress = Progress.counting(MOST_ORDERS);
  private final AtomicLong orders = new AtomicLong();

  /** Opened before the clock runs; one thread after the other uses each. */
  private final List<Pipeline.Writer> open = new ArrayList<>();

  /** Makes a pipeline for a database. */
  interface Kind {
    Pipeline on(BenchDatabase database);
  }

  /**
   * Orders that were written and handled.
   *
   * @param nanos from the first write to the last handled
   */
  record Handled(long orders, long nanos) {

    Handled plus(Handled other) {
      return new Handled(orders + other.orders, nanos + other.nanos);
    }

    double perSecond() {
      return Rate.perSecond(orders, 0, nanos);
    }
  }

  private OpenPipeline(BenchDatabase database, Pipeline pipeline) {
    this.database = database;
    this.pipeline = pipeline;
  }

  /** Opens one and lets an order through. */
  static OpenPipeline open(Kind kind) throws Exception {
    return open(BenchDatabase.create(), kind);
  }

  /** The same on a database, which is closed with it. */
  static OpenPipeline open(BenchDatabase database, Kind kind) throws Exception {
    Pipeline pipeline = kind.on(database);
    OpenPipeline open = new OpenPipeline(database, pipeline);
    try {
      pipeline.prepare();
      pipeline.start(open.progress);
      try (Pipeline.Writer probe = pipeline.openWriter()) {
        probe.write(open.orders.getAndIncrement(), NOTHING);
      }
      open.progress.await(1);
      return open;
    } catch (Exception e) {
      open.close();
      throw e;
    }
  }

  /**
   * Writers in a closed loop until the time is up, one order at least, and until all is handled.
   */
  Handled run(int writers, Duration duration) throws Exception {
    return run(writers, duration, 1);
  }

  /**
   * The same.
   *
   * @param times how many orders are written for one that counts
   */
  Handled run(int writers, Duration duration, int times) throws Exception {
    while (open.size() < writers) {
      open.add(pipeline.openWriter());
    }
    long from = System.nanoTime();
    long until = from + duration.toNanos();
    List<Callable<Long>> loops = new ArrayList<>();
    for (Pipeline.Writer writer : open.subList(0, writers)) {
      loops.add(
          () -> {
            long count = 0;
            do {
              for (int time = 0; time < times; time++) {
                writer.write(orders.getAndIncrement(), NOTHING);
              }
              count++;
            } while (System.nanoTime() - until < 0);
            return count;
          });
    }
    long counted = Threads.sum(loops);
    progress.await(orders.get());
    return new Handled(counted, progress.lastAt() - from);
  }

  /** Begins a measurement as all others begin. */
  void settle() throws Exception {
    database.settle();
  }

  @Override
  public void close() throws Exception {
    for (Pipeline.Writer writer : open) {
      writer.close();
    }
    pipeline.close();
    database.close();
  }
}
