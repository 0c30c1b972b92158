package dev.evenkeel.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import one.profiler.AsyncProfiler;

/**
 * Where the JVM's time goes while the inbox is on: writes the hottest frames and the collapsed
 * stacks (for a flame graph) beside the classes.
 */
final class ProfileScenario implements Scenario {

  private static final Path FOLDER = Path.of("benchmarks", "target", "profile");
  private static final Duration WARM_UP = Duration.ofSeconds(5);
  private static final int FRAMES = 60;

  @Override
  public String name() {
    return "profile";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    measure(WARM_UP);
    Files.createDirectories(FOLDER);
    AsyncProfiler profiler = AsyncProfiler.getInstance();
    profiler.execute("start,event=cpu,interval=1ms,threads");
    EndToEnd outcome = measure(options.duration());
    profiler.stop();
    Files.writeString(FOLDER.resolve("flat.txt"), profiler.dumpFlat(FRAMES));
    Files.writeString(
        FOLDER.resolve("collapsed.txt"), profiler.execute("collapsed"));
    System.out.printf("%s%n", FOLDER);
    results.add("profile/evenkeel inbox", "throughput", "events/s", outcome.eventsPerSecond());
    results.add("profile/evenkeel inbox", "JVM's CPU", "us/event", outcome.cpuMicros());
  }

  private static EndToEnd measure(Duration duration) throws Exception {
    try (BenchDatabase database = BenchDatabase.create();
        Pipeline pipeline = new EvenkeelPipeline(database, EvenkeelPipeline.Consumer.INBOX)) {
      return EndToEnd.measure(database, pipeline, duration);
    }
  }
}
