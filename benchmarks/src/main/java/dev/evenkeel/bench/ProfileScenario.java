package dev.evenkeel.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import one.profiler.AsyncProfiler;

/**
 * Where the JVM's processor time goes, end to end, with the inbox on (or part {@code noOp}): prints
 * the hottest methods and writes them, with the collapsed stacks for a flame graph, beside the
 * classes. The database's processes are not in it. Nothing here is a result.
 */
final class ProfileScenario implements Scenario {

  private static final Path FOLDER = Path.of("benchmarks", "target", "profile");
  private static final Duration WARM_UP = Duration.ofSeconds(40);

  @Override
  public String name() {
    return "profile";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    EvenkeelPipeline.Consumer consumer =
        options.parts().contains("noOp")
            ? EvenkeelPipeline.Consumer.NO_OP
            : EvenkeelPipeline.Consumer.INBOX;
    measure(consumer, WARM_UP);
    AsyncProfiler profiler = AsyncProfiler.getInstance();
    profiler.execute("start,event=cpu,interval=1ms,threads");
    EndToEnd outcome = measure(consumer, options.duration());
    profiler.stop();
    String collapsed = profiler.execute("collapsed");
    String summary = new HotFrames(collapsed).summary();
    Files.createDirectories(FOLDER);
    Files.writeString(FOLDER.resolve(consumer + ".collapsed.txt"), collapsed);
    Files.writeString(FOLDER.resolve(consumer + ".txt"), summary);
    System.out.printf(
        "%s%s: %.0f events/s, %.0f us of this JVM's CPU per event; see %s%n",
        summary, consumer, outcome.eventsPerSecond(), outcome.cpuMicros(), FOLDER);
  }

  private static EndToEnd measure(EvenkeelPipeline.Consumer consumer, Duration duration)
      throws Exception {
    try (BenchDatabase database = BenchDatabase.create();
        Pipeline pipeline = new EvenkeelPipeline(database, consumer)) {
      return EndToEnd.measure(database, pipeline, duration);
    }
  }
}
