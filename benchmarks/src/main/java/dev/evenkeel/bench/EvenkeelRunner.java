package dev.evenkeel.bench;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;

/** Ours, in this process. */
final class EvenkeelRunner implements EventRunner {

  /** A new pipeline for each database. */
  interface Pipelines {
    Pipeline on(BenchDatabase database);
  }

  private final Pipelines pipelines;

  EvenkeelRunner(Pipelines pipelines) {
    this.pipelines = pipelines;
  }

  @Override
  public EndToEnd endToEnd(BenchDatabase database, Duration duration) throws Exception {
    try (Pipeline pipeline = pipelines.on(database)) {
      return EndToEnd.measure(database, pipeline, duration);
    }
  }

  @Override
  public Paced pace(BenchDatabase database, Pace pace, Duration duration) throws Exception {
    int orders = pace.ordersIn(duration);
    Pipeline pipeline = pipelines.on(database);
    try {
      pipeline.prepare();
      Progress progress = Progress.timing(orders, 0);
      pipeline.start(progress);
      database.settle();
      return new PacedPipeline(pipeline, pace, orders, progress);
    } catch (Exception e) {
      pipeline.close();
      throw e;
    }
  }

  @Override
  public void close() {}

  private static final class PacedPipeline implements Paced {

    private final Pipeline pipeline;
    private final int orders;
    private final Progress progress;
    private final ExecutorService executor = Executors.newSingleThreadExecutor();
    private final Future<?> writing;

    PacedPipeline(Pipeline pipeline, Pace pace, int orders, Progress progress) {
      this.pipeline = pipeline;
      this.orders = orders;
      this.progress = progress;
      this.writing =
          executor.submit(
              () -> {
                pace.write(pipeline, 0, orders, progress);
                return null;
              });
    }

    @Override
    public Histogram delays() {
      return progress.delays();
    }

    @Override
    public void drain() throws Exception {
      writing.get();
      progress.await(orders);
    }

    @Override
    public void close() throws Exception {
      executor.shutdownNow();
      pipeline.close();
    }
  }
}
