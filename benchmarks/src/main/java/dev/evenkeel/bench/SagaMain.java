package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Runs our sagas in a process of its own, as DBOS Transact's are, with the same commands: {@code
 * run <callers> <ms>} answers {@code <sagas> <ns> <CPU ns> <latencies>}, the latter a compressed
 * histogram in Base64; {@code endSessions} answers {@code ended}. Ends with its input.
 */
public final class SagaMain {

  private SagaMain() {}

  /**
   * The entry point.
   *
   * @param arguments name, JDBC URL, user and password of the database, which has the tables; size
   *     of the pool; most steps at one time
   */
  public static void main(String[] arguments) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err); // what libraries print is no answer
    DatabaseInfo info = new DatabaseInfo(arguments[0], arguments[1], arguments[2], arguments[3]);
    try (HikariDataSource pool = BenchDatabase.at(info).pool(Integer.parseInt(arguments[4]));
        EngineSagas sagas = new EngineSagas(List.of(pool), Integer.parseInt(arguments[5]), false)) {
      answers.println("ready");
      BufferedReader commands =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = commands.readLine(); line != null; line = commands.readLine()) {
        String[] words = line.split(" ", -1);
        answers.println(
            switch (words[0]) {
              case "run" -> run(sagas, Integer.parseInt(words[1]), Long.parseLong(words[2]));
              case "endSessions" -> {
                pool.getHikariPoolMXBean().softEvictConnections();
                yield "ended";
              }
              default -> throw new IllegalArgumentException(line + " is no command");
            });
      }
    }
    System.exit(0);
  }

  private static String run(EngineSagas sagas, int callers, long millis) throws Exception {
    SagaLoad load = sagas.run(callers, Duration.ofMillis(millis));
    Histogram latencies = load.latencies();
    ByteBuffer buffer = ByteBuffer.allocate(latencies.getNeededByteBufferCapacity());
    int length = latencies.encodeIntoCompressedByteBuffer(buffer);
    return "%d %d %d %s"
        .formatted(
            load.sagas(),
            load.nanos(),
            load.cpuNanos(),
            Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length)));
  }
}
