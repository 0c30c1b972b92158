package dev.evenkeel.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** Threads with a writer each. */
final class Writers {

  private Writers() {}

  /** What one thread does with its writer. */
  interface Work {

    /**
     * Writes.
     *
     * @param thread 0 to threads - 1
     * @return how many orders
     */
    long with(int thread, Pipeline.Writer writer) throws Exception;
  }

  /**
   * Runs the work on so many threads, after all their writers are open, and waits for the end.
   *
   * @return how many orders all of them wrote
   */
  static long run(Pipeline pipeline, int threads, Work work) throws Exception {
    List<Pipeline.Writer> writers = new ArrayList<>();
    try {
      List<Callable<Long>> tasks = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int number = thread;
        Pipeline.Writer writer = pipeline.openWriter();
        writers.add(writer);
        tasks.add(() -> work.with(number, writer));
      }
      return Threads.sum(tasks);
    } finally {
      for (Pipeline.Writer writer : writers) {
        writer.close();
      }
    }
  }
}
