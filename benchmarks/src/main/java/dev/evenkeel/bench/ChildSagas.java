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
import java.util.Map;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/**
 * Sagas in a process of its own: those of DBOS Transact, whose versions of libraries are not ours
 * ({@code benchmarks/dbos} holds the program), or ours.
 */
final class ChildSagas implements SagaRunner {

  /** As in {@code benchmarks/dbos/pom.xml}. */
  static final String DBOS_VERSION = "1.1.0-m6";

  private static final Path DBOS_CLASSES = Path.of("benchmarks", "dbos", "target");
  private static final int DBOS_CONNECTIONS = 60;
  private static final List<String> HEAP = List.of("-Xms1g", "-Xmx1g");

  private final ChildJvm process;

  private ChildSagas(ChildJvm process) throws IOException {
    this.process = process;
    process.expect("ready", process.answer());
  }

  /**
   * DBOS Transact.
   *
   * @param transactional whether a step's insert commits with its output
   */
  static ChildSagas dbos(DatabaseInfo database, boolean transactional) throws IOException {
    String libraries = Files.readString(DBOS_CLASSES.resolve("classpath.txt")).strip();
    return new ChildSagas(
        ChildJvm.start(
            HEAP,
            DBOS_CLASSES.resolve("classes") + File.pathSeparator + libraries,
            "dev.evenkeel.bench.dbos.DbosMain",
            List.of(
                database.jdbcUrl(),
                database.username(),
                database.password(),
                String.valueOf(DBOS_CONNECTIONS),
                transactional ? "transactional" : "plain",
                SagaDatabases.INSERT_EFFECT)));
  }

  /** How DBOS Transact is set up. */
  static Map<String, String> dbosSettings(boolean transactional) {
    return Map.of(
        "version",
        DBOS_VERSION,
        "connections",
        String.valueOf(DBOS_CONNECTIONS),
        "reWriteBatchedInserts",
        "true",
        "steps",
        transactional
            ? "the insert commits with the step's output (txStep)"
            : "as the programming guide shows them (runStep)",
        "everything else",
        "as it comes");
  }

  /**
   * Ours, on a database that has the framework's tables.
   *
   * @param connections in its pool
   * @param concurrency most steps at one time
   */
  static ChildSagas evenkeel(DatabaseInfo database, int connections, int concurrency)
      throws IOException {
    return new ChildSagas(
        ChildJvm.start(
            HEAP,
            SagaMain.class,
            List.of(
                database.name(),
                database.jdbcUrl(),
                database.username(),
                database.password(),
                String.valueOf(connections),
                String.valueOf(concurrency))));
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
