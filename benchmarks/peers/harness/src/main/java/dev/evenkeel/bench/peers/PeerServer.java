package dev.evenkeel.bench.peers;

import com.sun.management.OperatingSystemMXBean;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
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
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/**
 * Runs a peer for {@code bin/bench}. Reads commands, a line each, and answers each with a line:
 *
 * <ul>
 *   <li>{@code open <url> <user> <password>}: starts the peer on a database that has the business
 *       table, and lets one order through; answers {@code opened};
 *   <li>{@code run <writers> <ms>}: writers in a closed loop until the time is up, and then until
 *       all is handled; answers {@code <events> <ns from the first write to the last handled> <ns
 *       from the last commit to the last handled> <CPU ns>};
 *   <li>{@code pace <orders per second> <writers> <ms>}: begins to write at that pace; answers
 *       {@code begun};
 *   <li>{@code delays}: of the paced orders that are handled so far; answers a compressed histogram
 *       of nanoseconds in Base64;
 *   <li>{@code drain}: waits until all paced orders are written and handled; answers their number;
 *   <li>{@code close}: ends the peer; answers {@code closed}.
 * </ul>
 *
 * Ends with its input.
 */
public final class PeerServer {

  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /** Writers and handlers; as many as ours has. */
  private static final int CONNECTIONS = 40;

  private static final int MOST_PACED = 1_000_000;
  private static final Runnable NOTHING = () -> {};

  private final Supplier<Peer> peers;
  private final ExecutorService pacing = Executors.newCachedThreadPool();
  private HikariDataSource dataSource;
  private Peer peer;
  private Progress progress;
  private Future<Long> paced;

  private PeerServer(Supplier<Peer> peers) {
    this.peers = peers;
  }

  /** Serves until the input ends, and then ends the process. */
  public static void serve(Supplier<Peer> peers) {
    PrintStream answers = System.out;
    System.setOut(System.err); // what libraries print is no answer
    PeerServer server = new PeerServer(peers);
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    answers.println("ready");
    try {
      for (String line = commands.readLine(); line != null; line = commands.readLine()) {
        answers.println(server.obey(line.split(" ", -1)));
      }
    } catch (Exception e) {
      e.printStackTrace();
      System.exit(1); // whoever waits for an answer is to learn of it, whatever threads there are
    }
    System.exit(0);
  }

  private String obey(String[] words) throws Exception {
    return switch (words[0]) {
      case "open" -> open(words[1], words[2], words[3]);
      case "run" -> run(Integer.parseInt(words[1]), Long.parseLong(words[2]));
      case "pace" ->
          pace(Integer.parseInt(words[1]), Integer.parseInt(words[2]), Long.parseLong(words[3]));
      case "delays" -> encoded(progress.delays());
      case "drain" -> drain();
      case "close" -> close();
      default -> throw new IllegalArgumentException(words[0] + " is no command");
    };
  }

  private String open(String url, String user, String password) throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setUsername(user);
    config.setPassword(password);
    config.setMaximumPoolSize(CONNECTIONS);
    dataSource = new HikariDataSource(config);
    progress = new Progress(MOST_PACED);
    peer = peers.get();
    Progress counted = progress;
    peer.start(dataSource, counted::handled);
    // Beyond the paced ones, so that its delay is in no result.
    peer.write(OrderPlaced.of(MOST_PACED), NOTHING);
    progress.await(1);
    System.gc(); // of the last database's
    return "opened";
  }

  private String run(int writers, long millis) throws Exception {
    AtomicLong orders = new AtomicLong(MOST_PACED);
    long before = progress.count();
    long cpuBefore = SYSTEM.getProcessCpuTime();
    long from = System.nanoTime();
    long until = from + TimeUnit.MILLISECONDS.toNanos(millis);
    List<Callable<Long>> loops = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      loops.add(
          () -> {
            long written = 0;
            for (; System.nanoTime() < until; written++) {
              peer.write(OrderPlaced.of(orders.incrementAndGet()), NOTHING);
            }
            return written;
          });
    }
    long written = sum(loops);
    long writtenAt = System.nanoTime();
    progress.await(before + written);
    long last = progress.lastAt();
    return "%d %d %d %d"
        .formatted(
            written,
            last - from,
            Math.max(0, last - writtenAt),
            SYSTEM.getProcessCpuTime() - cpuBefore);
  }

  private String pace(int perSecond, int writers, long millis) {
    int count = (int) Math.min(MOST_PACED, millis * perSecond / TimeUnit.SECONDS.toMillis(1));
    long from = System.nanoTime();
    long period = TimeUnit.SECONDS.toNanos(1) / perSecond;
    List<Callable<Long>> loops = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      int first = writer;
      loops.add(
          () -> {
            long written = 0;
            for (int order = first; order < count; order += writers) {
              int number = order;
              parkUntil(from + number * period);
              peer.write(OrderPlaced.of(number), () -> progress.committing(number));
              written++;
            }
            return written;
          });
    }
    paced = pacing.submit(() -> sum(loops));
    return "begun";
  }

  private static void parkUntil(long instant) {
    for (long left = instant - System.nanoTime(); left > 0; left = instant - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private String drain() throws Exception {
    long written = paced.get();
    progress.await(written + 1);
    return String.valueOf(written);
  }

  private String close() throws Exception {
    peer.close();
    dataSource.close();
    return "closed";
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
