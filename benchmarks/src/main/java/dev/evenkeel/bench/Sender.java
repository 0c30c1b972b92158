package dev.evenkeel.bench;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** One variant's process of {@link SenderMain}; it stays warm from one measurement to the next. */
final class Sender implements AutoCloseable {

  private final KafkaVariant variant;
  private final ChildJvm process;

  /**
   * What the process used.
   *
   * @param cpu since it started
   * @param peakBytes the most heap in use since this was asked last
   */
  record Usage(Duration cpu, long peakBytes) {}

  private Sender(KafkaVariant variant, ChildJvm process) {
    this.variant = variant;
    this.process = process;
  }

  static Sender start(KafkaVariant variant, Broker broker) throws IOException {
    return new Sender(
        variant,
        ChildJvm.start(
            // The latter two for the profiler, which otherwise sees safepoints instead of lines.
            List.of("-Xmx1g", "-XX:+UnlockDiagnosticVMOptions", "-XX:+DebugNonSafepoints"),
            SenderMain.class,
            List.of(variant.name(), broker.servers())));
  }

  KafkaVariant variant() {
    return variant;
  }

  /** Sends what is written to a prepared database; returns when that has begun. */
  void send(DatabaseInfo from) throws IOException {
    order("start", from.name(), from.jdbcUrl(), from.username(), from.password());
  }

  void stop() throws IOException {
    order("stop");
  }

  Usage usage() throws IOException {
    String[] words = process.ask("usage").split("\t", -1);
    return new Usage(Duration.ofNanos(Long.parseLong(words[0])), Long.parseLong(words[1]));
  }

  /** Collects garbage; bytes of heap in use after it. */
  long liveBytes() throws IOException {
    return Long.parseLong(process.ask("collect"));
  }

  void startProfile() throws IOException {
    order("profile");
  }

  /** Ends the profile and writes its stacks. */
  void endProfile(Path file) throws IOException {
    order("collapsed", file.toString());
  }

  private void order(String... words) throws IOException {
    process.expect("done", process.ask(String.join("\t", words)));
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.close();
  }
}
