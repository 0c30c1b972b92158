package dev.evenkeel.shard;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** {@link ShardTransactions} over the routing data source. */
public final class RoutingShardTransactions implements ShardTransactions, AutoCloseable {

  /**
   * Most threads that fan-outs use together; beyond it a shard counts as one that did not answer.
   */
  private static final int MAX_THREADS = 64;

  private static final long IDLE_SECONDS = 30;

  private final ShardRouter router;
  private final Shards shards;
  private final Supplier<PlatformTransactionManager> transactionManager;
  private final Duration fanOutTimeout;
  private final ExecutorService threads =
      new ThreadPoolExecutor(
          0,
          MAX_THREADS,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> {
            Thread thread = new Thread(task, "evenkeel-fan-out");
            thread.setDaemon(true);
            return thread;
          },
          new ThreadPoolExecutor.AbortPolicy());

  /**
   * Makes it.
   *
   * @param transactionManager the one on the routing data source; asked at each call, because it
   *     may not be there yet when this is made
   * @param fanOutTimeout how long a fan-out waits for each shard, from its start
   */
  public RoutingShardTransactions(
      ShardRouter router,
      Shards shards,
      Supplier<PlatformTransactionManager> transactionManager,
      Duration fanOutTimeout) {
    this.router = router;
    this.shards = shards;
    this.transactionManager = transactionManager;
    this.fanOutTimeout = fanOutTimeout;
  }

  @Override
  public <T extends @Nullable Object> T inShard(@Nullable Object key, Supplier<T> work) {
    return inShard(SlotStrategy.HASH, key, work);
  }

  @Override
  public <T extends @Nullable Object> T inShard(
      String strategy, @Nullable Object key, Supplier<T> work) {
    ShardBinding binding =
        router.bind(
            strategy,
            key == null ? null : key.toString(),
            "ShardTransactions.inShard",
            ReadFrom.PRIMARY,
            null);
    return ShardContext.current().call(binding, () -> inTransaction(false, work));
  }

  @Override
  public <T extends @Nullable Object> EveryShard<T> onEveryShard(Supplier<T> work) {
    ShardBinding bound = ShardContext.current().held();
    if (bound != null) {
      throw new CrossShardException(
          "The transaction is bound to shard \"%s\" (key \"%s\"), and a fan-out inside it wants every shard: read before it begins, or after the commit"
              .formatted(bound.shard(), bound.key()));
    }
    long deadline = System.nanoTime() + fanOutTimeout.toNanos();
    Map<String, Future<T>> asked = new LinkedHashMap<>();
    Map<String, T> answers = new LinkedHashMap<>();
    Map<String, RuntimeException> failures = new LinkedHashMap<>();
    for (String shard : shards.names()) {
      try {
        asked.put(shard, threads.submit(() -> onShard(shard, work)));
      } catch (RejectedExecutionException e) {
        failures.put(
            shard,
            new ShardUnavailableException(
                "Shard \"%s\" was not asked, because fan-outs use all of their %d threads"
                    .formatted(shard, MAX_THREADS),
                e));
      }
    }
    asked.forEach(
        (shard, future) -> {
          try {
            answers.put(shard, await(shard, future, deadline));
          } catch (RuntimeException e) {
            failures.put(shard, e);
          }
        });
    return new EveryShard<>(answers, failures);
  }

  private <T extends @Nullable Object> T onShard(String shard, Supplier<T> work) {
    return ShardContext.current()
        .call(ShardBinding.wholeShard(shard), () -> inTransaction(true, work));
  }

  private <T extends @Nullable Object> T await(String shard, Future<T> future, long deadline) {
    try {
      return future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new ShardUnavailableException("Shard \"%s\" failed".formatted(shard), e.getCause());
    } catch (TimeoutException e) {
      future.cancel(true);
      throw new ShardUnavailableException(
          "Shard \"%s\" did not answer a fan-out within %s".formatted(shard, fanOutTimeout), e);
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      throw new ShardUnavailableException("Interrupted while asking every shard", e);
    }
  }

  @SuppressWarnings("NullAway") // the template returns what the work returns
  private <T extends @Nullable Object> T inTransaction(boolean fanOut, Supplier<T> work) {
    TransactionTemplate template = new TransactionTemplate(transactionManager.get());
    template.setReadOnly(fanOut);
    if (fanOut) { // a cancelled thread would wait on in the driver
      template.setTimeout((int) Math.max(1, fanOutTimeout.toSeconds()));
    }
    return template.execute(status -> work.get());
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
