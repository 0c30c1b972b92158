package dev.evenkeel.bench;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
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
  private static final Duration LONGEST_END = Duration.ofSeconds(10);

  private final Process process;
  private final BufferedReader answers;

  /**
   * Starts the process and waits until it takes commands.
   *
   * @param transactional whether a step's insert commits with its output
   */
  DbosSagas(DatabaseInfo database, boolean transactional) throws IOException {
    String libraries = Files.readString(CLASSES.resolve("classpath.txt")).strip();
    this.process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms1g",
                "-Xmx1g",
                "-cp",
                CLASSES.resolve("classes") + File.pathSeparator + libraries,
                "dev.evenkeel.bench.dbos.DbosMain",
                database.jdbcUrl(),
                database.username(),
                database.password(),
                String.valueOf(CONNECTIONS),
                transactional ? "transactional" : "plain",
                SagaDatabases.INSERT_EFFECT)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    expect("ready", answer());
  }

  @Override
  public SagaLoad run(int callers, Duration duration) throws IOException, DataFormatException {
    String[] words = ask("run %d %d".formatted(callers, duration.toMillis())).split(" ", -1);
    return new SagaLoad(
        Long.parseLong(words[0]),
        Long.parseLong(words[1]),
        Long.parseLong(words[2]),
        Histogram.decodeFromCompressedByteBuffer(
            ByteBuffer.wrap(Base64.getDecoder().decode(words[3])), 0));
  }

  @Override
  public void endSessions() throws IOException {
    expect("ended", ask("endSessions"));
  }

  private String ask(String command) throws IOException {
    process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
    return answer();
  }

  private String answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("The process with DBOS has ended; its errors are above");
    }
    return line;
  }

  private static void expect(String expected, String actual) throws IOException {
    if (!actual.equals(expected)) {
      throw new IOException(
          "The process with DBOS should answer \"%s\", was \"%s\"".formatted(expected, actual));
    }
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(LONGEST_END.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
    }
  }
}
