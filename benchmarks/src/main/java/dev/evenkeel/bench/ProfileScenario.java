package dev.evenkeel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import one.profiler.AsyncProfiler;

/**
 * Where the JVM's processor time goes, end to end, with the inbox on (or part {@code noOp}, or that
 * of the sender to Kafka with part {@code kafka} or {@code kafkaReference}): prints the hottest
 * methods and writes them, with the collapsed stacks for a flame graph, beside the classes. The
 * database's processes are not in it. Nothing here is a result.
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
    if (options.parts().contains("kafka")) {
      profile(KafkaVariant.EVENKEEL, options.duration());
    } else if (options.parts().contains("kafkaReference")) {
      profile(KafkaVariant.REFERENCE, options.duration());
    } else {
      profile(
          options.parts().contains("noOp")
              ? EvenkeelPipeline.Consumer.NO_OP
              : EvenkeelPipeline.Consumer.INBOX,
          options.duration());
    }
  }

  private static void profile(EvenkeelPipeline.Consumer consumer, Duration duration)
      throws Exception {
    measure(consumer, WARM_UP);
    AsyncProfiler profiler = AsyncProfiler.getInstance();
    profiler.execute("start,event=cpu,interval=1ms,threads");
    EndToEnd outcome = measure(consumer, duration);
    profiler.stop();
    Path file = FOLDER.resolve(consumer + ".collapsed.txt");
    Files.createDirectories(FOLDER);
    Files.writeString(file, profiler.execute("collapsed"));
    print(consumer.name(), file, outcome);
  }

  /** Of the process that sends alone. */
  private static void profile(KafkaVariant variant, Duration duration) throws Exception {
    try (Broker broker = Broker.start();
        Sender sender = Sender.start(variant, broker)) {
      measure(broker, sender, WARM_UP);
      sender.startProfile();
      EndToEnd outcome = measure(broker, sender, duration);
      Path file = FOLDER.resolve("KAFKA_" + variant + ".collapsed.txt");
      sender.endProfile(file);
      print("KAFKA_" + variant, file, outcome);
    }
  }

  private static EndToEnd measure(Broker broker, Sender sender, Duration duration)
      throws Exception {
    try (BenchDatabase database = BenchDatabase.create();
        Pipeline pipeline = new KafkaPipeline(database, broker, sender)) {
      return EndToEnd.measure(database, pipeline, duration);
    }
  }

  private static void print(String name, Path collapsed, EndToEnd outcome) throws IOException {
    String summary = new HotFrames(Files.readString(collapsed)).summary();
    Files.writeString(FOLDER.resolve(name + ".txt"), summary);
    System.out.printf(
        "%s%s: %.0f events/s, %.0f us of this JVM's CPU per event; see %s%n",
        summary, name, outcome.eventsPerSecond(), outcome.cpuMicros(), FOLDER);
  }

  private static EndToEnd measure(EvenkeelPipeline.Consumer consumer, Duration duration)
      throws Exception {
    try (BenchDatabase database = BenchDatabase.create();
        Pipeline pipeline = new EvenkeelPipeline(database, consumer)) {
      return EndToEnd.measure(database, pipeline, duration);
    }
  }
}
