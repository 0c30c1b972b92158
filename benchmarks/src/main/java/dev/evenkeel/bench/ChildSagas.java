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
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/**
 * DBOS Transact, in a process of its own with the same heap: its versions of libraries are not
 * ours. {@code benchmarks/dbos} holds the program.
 */
final class DbosSagas implements SagaRunner {

  /** As in {@code benchmarks/dbos/pom.xml}. */
  static final String VERSION = "1.1.0-m6";

  private static final Path CLASSES = Path.of("benchmarks", "dbos", "target");
  private static final int CONNECTIONS = 60;

  private final ChildJvm process;

  /**
   * Starts the process and waits until it takes commands.
   *
   * @param transactional whether a step's insert commits with its output
   */
  DbosSagas(DatabaseInfo database, boolean transactional) throws IOException {
    String libraries = Files.readString(CLASSES.resolve("classpath.txt")).strip();
    this.process =
        ChildJvm.start(
            List.of("-Xms1g", "-Xmx1g"),
            CLASSES.resolve("classes") + File.pathSeparator + libraries,
            "dev.evenkeel.bench.dbos.DbosMain",
            List.of(
                database.jdbcUrl(),
                database.username(),
                database.password(),
                String.valueOf(CONNECTIONS),
                transactional ? "transactional" : "plain",
                SagaDatabases.INSERT_EFFECT));
    process.expect("ready", process.answer());
  }

  @Override
  public SagaLoad run(int callers, Duration duration) throws IOException, DataFormatException {
    String[] words =
        process.ask("run %d %d".formatted(callers, duration.toMillis())).split(" ", -1);
    return new SagaLoad(
        Long.parseLong(words[0]),
        Long.parseLong(words[1]),
        Long.parseLong(words[2]),
        Histogram.decodeFromCompressedByteBuffer(
            ByteBuffer.wrap(Base64.getDecoder().decode(words[3])), 0));
  }

  @Override
  public void endSessions() throws IOException {
    process.expect("ended", process.ask("endSessions"));
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.close();
  }
}
