package dev.evenkeel.bench;

import dev.evenkeel.relay.Relay;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.transport.kafka.KafkaTransport;
import dev.evenkeel.transport.kafka.KafkaTransportOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import one.profiler.AsyncProfiler;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * The process that reads the WAL and sends to Kafka, and does nothing else: what it uses is what
 * sending costs. It takes commands with its input, words parted by tabs, and answers each with a
 * line.
 */
public final class SenderMain {

  private final KafkaVariant variant;
  private final String servers;

  /** What is to be closed, the last first. */
  private final Deque<AutoCloseable> running = new ArrayDeque<>();

  private SenderMain(KafkaVariant variant, String servers) {
    this.variant = variant;
    this.servers = servers;
  }

  /**
   * The entry point.
   *
   * @param arguments the variant and Kafka's addresses
   */
  public static void main(String[] arguments) throws Exception {
    SenderMain sender = new SenderMain(KafkaVariant.valueOf(arguments[0]), arguments[1]);
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      System.out.println(sender.obey(List.of(line.split("\t", -1))));
    }
    System.exit(0);
  }

  private String obey(List<String> words) throws Exception {
    switch (words.get(0)) {
      case "start" -> start(database(words));
      case "stop" -> stop();
      case "usage" -> {
        return usage();
      }
      case "collect" -> {
        System.gc();
        return String.valueOf(heapUsed());
      }
      case "profile" -> AsyncProfiler.getInstance().execute("start,event=cpu,interval=1ms,threads");
      case "collapsed" -> writeProfile(Path.of(words.get(1)));
      default -> throw new IllegalArgumentException(words + " is no command");
    }
    return "done";
  }

  private static DatabaseInfo database(List<String> words) {
    return new DatabaseInfo(words.get(1), words.get(2), words.get(3), words.get(4));
  }

  private void start(DatabaseInfo database) throws Exception {
    switch (variant) {
      case REFERENCE -> {
        ReferenceProducer producer = new ReferenceProducer(servers, Broker.TOPIC);
        running.push(producer);
        ReferencePipeline pipeline = new ReferencePipeline(BenchDatabase.at(database));
        running.push(pipeline);
        pipeline.start(producer);
      }
      case EVENKEEL -> {
        RelayWiring wiring = wiring(database);
        Relay relay =
            wiring.sendingTo(
                new KafkaTransport(
                    KafkaTransportOptions.defaults("/bench"),
                    Map.of("bootstrap.servers", servers),
                    installation -> wiring.parked()));
        running.push(relay::stop);
        RelayWiring.startAndStream(relay);
      }
    }
  }

  private static RelayWiring wiring(DatabaseInfo database) {
    return new RelayWiring(
        database,
        "sender",
        new DriverManagerDataSource(database.jdbcUrl(), database.username(), database.password()),
        List.of(OrderPlaced.class));
  }

  private void stop() throws Exception {
    for (@Nullable AutoCloseable next = running.poll(); next != null; next = running.poll()) {
      next.close();
    }
  }

  /** Processor time in nanoseconds, and the most bytes of heap in use since this was asked last. */
  private static String usage() {
    long peak = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      if (pool.getType() == MemoryType.HEAP) {
        peak += pool.getPeakUsage().getUsed();
        pool.resetPeakUsage();
      }
    }
    return Cpu.used().toNanos() + "\t" + peak;
  }

  private static long heapUsed() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void writeProfile(Path file) throws IOException {
    AsyncProfiler profiler = AsyncProfiler.getInstance();
    profiler.stop();
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.writeString(file, profiler.execute("collapsed"));
  }
}
