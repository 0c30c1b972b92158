package dev.evenkeel.bench.dbos;

import com.sun.management.OperatingSystemMXBean;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.dbos.transact.DBOS;
import dev.dbos.transact.config.DBOSConfig;
import dev.dbos.transact.txstep.JdbcStepFactory;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/**
 * Runs DBOS Transact for {@code bin/bench saga}. Reads commands, a line each, and answers each with
 * a line:
 *
 * <ul>
 *   <li>{@code run <callers> <ms>}: workflows in a closed loop; answers {@code <workflows> <ns>
 *       <CPU ns> <latencies>}, the latter a compressed histogram in Base64;
 *   <li>{@code endSessions}: answers {@code ended}.
 * </ul>
 *
 * Ends with its input.
 */
public final class DbosMain {

  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private final ThreeSteps workflow;
  private final HikariDataSource dataSource;
  private final AtomicLong numbers = new AtomicLong();

  private DbosMain(ThreeSteps workflow, HikariDataSource dataSource) {
    this.workflow = workflow;
    this.dataSource = dataSource;
  }

  /**
   * The entry point.
   *
   * @param arguments JDBC URL, user, password, size of the pool, {@code plain} or {@code
   *     transactional}, the business insert
   */
  public static void main(String[] arguments) throws Exception {
    HikariDataSource dataSource =
        pool(arguments[0], arguments[1], arguments[2], Integer.parseInt(arguments[3]));
    EffectTable table = new EffectTable(arguments[5]);
    DBOS dbos = new DBOS(DBOSConfig.defaults("bench").withDataSource(dataSource));
    ThreeSteps workflow =
        dbos.registerProxy(
            ThreeSteps.class,
            arguments[4].equals("transactional")
                ? new TransactionalSteps(new JdbcStepFactory(dbos, dataSource), table)
                : new PlainSteps(dbos, dataSource, table));
    dbos.launch();
    System.out.println("ready");
    new DbosMain(workflow, dataSource).serve();
    System.exit(0);
  }

  /** As DBOS makes its own pool, except for the size. */
  private static HikariDataSource pool(String url, String user, String password, int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setUsername(user);
    config.setPassword(password);
    config.setMaximumPoolSize(size);
    config.addDataSourceProperty("tcpKeepAlive", "true");
    config.addDataSourceProperty("connectTimeout", "10");
    config.addDataSourceProperty("socketTimeout", "60");
    config.addDataSourceProperty("reWriteBatchedInserts", "true");
    return new HikariDataSource(config);
  }

  private void serve() throws Exception {
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String[] words = line.split(" ");
      System.out.println(
          switch (words[0]) {
            case "run" -> run(Integer.parseInt(words[1]), Long.parseLong(words[2]));
            case "endSessions" -> endSessions();
            default -> throw new IllegalArgumentException(line + " is no command");
          });
    }
  }

  private String endSessions() {
    dataSource.getHikariPoolMXBean().softEvictConnections();
    return "ended";
  }

  private String run(int callers, long millis) throws Exception {
    List<Histogram> latencies = new ArrayList<>();
    List<Callable<Long>> loops = new ArrayList<>();
    long cpuBefore = SYSTEM.getProcessCpuTime();
    long from = System.nanoTime();
    for (int caller = 0; caller < callers; caller++) {
      Histogram own = new Histogram(3);
      latencies.add(own);
      loops.add(() -> loop(own, from, TimeUnit.MILLISECONDS.toNanos(millis)));
    }
    long workflows = sum(loops);
    long nanos = System.nanoTime() - from;
    long cpuNanos = SYSTEM.getProcessCpuTime() - cpuBefore;
    Histogram all = new Histogram(3);
    latencies.forEach(all::add);
    return "%d %d %d %s".formatted(workflows, nanos, cpuNanos, encoded(all));
  }

  private long loop(Histogram latencies, long from, long duration) throws Exception {
    long start = System.nanoTime();
    do {
      workflow.run(numbers.incrementAndGet());
      long end = System.nanoTime();
      latencies.recordValue(end - start);
      start = end;
    } while (start - from < duration);
    return latencies.getTotalCount();
  }

  private static long sum(List<Callable<Long>> loops) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(loops.size());
    try {
      long sum = 0;
      for (Future<Long> loop : executor.invokeAll(loops)) {
        sum += loop.get();
      }
      return sum;
    } finally {
      executor.shutdownNow();
    }
  }

  private static String encoded(Histogram histogram) {
    ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int length = histogram.encodeIntoCompressedByteBuffer(buffer);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
  }
}
