package dev.evenkeel.bench;

import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/**
 * An outbox, in a process of its own with the same heap: a peer, whose versions of libraries are
 * not ours, or ours.
 */
final class PeerRunner implements EventRunner {

  private static final Path PROGRAMS = Path.of("benchmarks", "peers");

  private static final List<String> HEAP = List.of("-Xms1g", "-Xmx1g");

  private final ChildJvm process;

  /** Starts the process and waits until it takes commands. */
  PeerRunner(Peer peer) throws IOException {
    this(ChildJvm.start(HEAP, classPath(peer), peer.main(), List.of()));
  }

  private PeerRunner(ChildJvm process) throws IOException {
    this.process = process;
    process.expect("ready", process.answer());
  }

  private static String classPath(Peer peer) throws IOException {
    Path built = PROGRAMS.resolve(peer.label()).resolve("target");
    return built.resolve("classes")
        + File.pathSeparator
        + Files.readString(built.resolve("classpath.txt")).strip();
  }

  /** Starts a process with ours. */
  static PeerRunner evenkeel(RelayMode mode, EvenkeelPipeline.Consumer consumer)
      throws IOException {
    return new PeerRunner(
        ChildJvm.start(HEAP, EvenkeelPeer.class, List.of(mode.name(), consumer.name())));
  }

  /** How it is set up. */
  Map<String, String> settings() throws IOException {
    return settings(process.ask("settings"));
  }

  /** Reads {@code <name>=<value>}, a tab between any two. */
  static Map<String, String> settings(String line) {
    Map<String, String> settings = new TreeMap<>();
    for (String setting : line.split("\t", -1)) {
      int name = setting.indexOf('=');
      settings.put(setting.substring(0, name), setting.substring(name + 1));
    }
    return settings;
  }

  /** Processor time that the process has used so far. */
  Duration cpu() throws IOException {
    return Duration.ofNanos(Long.parseLong(process.ask("cpu")));
  }

  @Override
  public EndToEnd endToEnd(BenchDatabase database, Duration duration) throws Exception {
    return endToEnd(database, duration, 1);
  }

  /** The same, with several events in each transaction. */
  EndToEnd endToEnd(BenchDatabase database, Duration duration, int perTransaction)
      throws Exception {
    open(database);
    database.settle();
    String[] words =
        process
            .ask("run %d %d %d".formatted(EndToEnd.WRITERS, duration.toMillis(), perTransaction))
            .split(" ", -1);
    close(process);
    long events = Long.parseLong(words[0]);
    return new EndToEnd(
        Rate.perSecond(events, 0, Long.parseLong(words[1])),
        Long.parseLong(words[2]) / (double) TimeUnit.MILLISECONDS.toNanos(1),
        Long.parseLong(words[3]) / (double) TimeUnit.MICROSECONDS.toNanos(1) / events,
        Double.NaN); // what a peer writes to the WAL is not asked
  }

  @Override
  public Paced pace(BenchDatabase database, Pace pace, Duration duration) throws Exception {
    open(database);
    database.settle();
    process.expect(
        "begun",
        process.ask(
            "pace %d %d %d".formatted(pace.perSecond(), pace.writers(), duration.toMillis())));
    return new PacedPeer(process);
  }

  private void open(BenchDatabase database) throws Exception {
    database.execute(Tables.ORDERS);
    DatabaseInfo info = database.info();
    process.expect(
        "opened",
        process.ask("open %s %s %s".formatted(info.jdbcUrl(), info.username(), info.password())));
  }

  private static void close(ChildJvm process) throws IOException {
    process.expect("closed", process.ask("close"));
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.close();
  }

  private record PacedPeer(ChildJvm process) implements Paced {

    @Override
    public Histogram delays() throws IOException, DataFormatException {
      return Histogram.decodeFromCompressedByteBuffer(
          ByteBuffer.wrap(Base64.getDecoder().decode(process.ask("delays"))), 0);
    }

    @Override
    public void drain() throws IOException {
      process.ask("drain");
    }

    @Override
    public void close() throws IOException {
      PeerRunner.close(process);
    }
  }
}
