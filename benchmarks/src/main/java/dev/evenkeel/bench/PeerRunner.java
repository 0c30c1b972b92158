package dev.evenkeel.bench;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/** A peer, in a process of its own with the same heap: its versions of libraries are not ours. */
final class PeerRunner implements EventRunner {

  private static final Path PROGRAMS = Path.of("benchmarks", "peers");

  private final ChildJvm process;

  /** Starts the process and waits until it takes commands. */
  PeerRunner(Peer peer) throws IOException {
    Path built = PROGRAMS.resolve(peer.label()).resolve("target");
    this.process =
        ChildJvm.start(
            List.of("-Xms1g", "-Xmx1g"),
            built.resolve("classes")
                + File.pathSeparator
                + Files.readString(built.resolve("classpath.txt")).strip(),
            peer.main(),
            List.of());
    process.expect("ready", process.answer());
  }

  @Override
  public EndToEnd endToEnd(BenchDatabase database, Duration duration) throws Exception {
    open(database);
    database.settle();
    String[] words =
        process.ask("run %d %d".formatted(EndToEnd.WRITERS, duration.toMillis())).split(" ", -1);
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
