package dev.evenkeel.bench;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A backlog, written while nobody listens; then the start. Measured from the first event received
 * to the last, so that start-up is not in it.
 */
enum Drain {
  /**
   * As applications write: each order and its event in one transaction. The server sets the pace.
   */
  ORDERS,
  /** Transactions of 100 events and nothing else. The reader sets the pace. */
  BULK;

  static final int BACKLOG = 200_000;

  private static final Runnable NOTHING = () -> {};
  private static final int PER_BULK = 100;
  private static final int WRITERS = 16;

  /** Writes the backlog of a prepared pipeline. */
  void write(BenchDatabase database, Pipeline pipeline) throws Exception {
    int step = this == BULK ? PER_BULK : 1;
    AtomicInteger next = new AtomicInteger();
    Writers.run(
        pipeline,
        WRITERS,
        (thread, writer) -> {
          long count = 0;
          for (int order = next.getAndAdd(step); order < BACKLOG; order = next.getAndAdd(step)) {
            if (this == BULK) {
              writer.writeEvents(order, step);
            } else {
              writer.write(order, NOTHING);
            }
            count += step;
          }
          return count;
        });
    database.settle();
  }

  /** Starts the pipeline; rows per second. */
  static double rowsPerSecond(Pipeline pipeline) throws Exception {
    Progress progress = Progress.counting(BACKLOG);
    pipeline.start(progress);
    progress.await(BACKLOG);
    return Rate.perSecond(BACKLOG, progress.firstAt(), progress.lastAt());
  }
}
