package dev.evenkeel.bench.peers;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** An outbox on one database, as {@link PeerServer} is told to use it. One thread. */
final class PeerSession implements AutoCloseable {

  /** Writers and handlers; the same for all. */
  private static final int CONNECTIONS = 40;

  private static final int MOST_PACED = 1_000_000;
  private static final Runnable NOTHING = () -> {};

  private final ExecutorService pacing = Executors.newSingleThreadExecutor();
  private final Progress progress = new Progress(MOST_PACED);

  /** Beyond the paced ones, so that their delays are in no result. */
  private final AtomicLong orders = new AtomicLong(MOST_PACED);

  private final HikariDataSource pool;
  private final Peer peer;
  private Future<Long> paced = CompletableFuture.completedFuture(0L);

  /** Starts the outbox and lets one order through. */
  PeerSession(Peer peer, String url, String user, String password) throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setUsername(user);
    config.setPassword(password);
    config.setMaximumPoolSize(CONNECTIONS);
    this.pool = new HikariDataSource(config);
    this.peer = peer;
    peer.start(new PeerDatabase(url, user, password, pool), progress);
    peer.write(OrderPlaced.of(orders.getAndIncrement(), 1), NOTHING);
    progress.await(1);
  }

  String run(int writers, long millis, int perTransaction) throws Exception {
    long before = progress.count();
    long cpuBefore = PeerServer.cpuNanos();
    long from = System.nanoTime();
    long until = from + TimeUnit.MILLISECONDS.toNanos(millis);
    List<Callable<Long>> loops = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      loops.add(
          () -> {
            long written = 0;
            for (; System.nanoTime() - until < 0; written += perTransaction) {
              long first = orders.getAndAdd(perTransaction);
              peer.write(OrderPlaced.of(first, perTransaction), NOTHING);
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
            written, last - from, Math.max(0, last - writtenAt), PeerServer.cpuNanos() - cpuBefore);
  }

  String pace(int perSecond, int writers, long millis) {
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
              peer.write(OrderPlaced.of(number, 1), () -> progress.committing(number));
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

  Histogram delays() {
    return progress.delays();
  }

  String drain() throws Exception {
    long written = paced.get();
    progress.await(written + 1);
    return String.valueOf(written);
  }

  @Override
  public void close() throws Exception {
    pacing.shutdownNow();
    peer.close();
    pool.close();
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
}
