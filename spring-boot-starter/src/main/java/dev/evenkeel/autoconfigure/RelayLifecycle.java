package dev.evenkeel.autoconfigure;

import dev.evenkeel.relay.RelayGroup;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.relay.RelayStatus;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Registers the consumers and runs this process's relays, one per installation: started after
 * everything else, so that handlers find a complete application, and stopped before everything
 * else, so that they still find it. A relay is used once, so each start makes new ones.
 *
 * <p>The application starts even while a database is away: its relay stands by, and consumers are
 * registered as soon as that works. Thread-safe.
 */
public final class RelayLifecycle implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(RelayLifecycle.class);

  /** What each start makes. */
  interface Parts {

    /** A new relay for each installation, by its name. */
    RelayGroup relays();

    /** What to register at each installation, by its name. */
    Map<String, Consumers> consumers();

    /** Whether an installation's schema is known to be there; what is not is for later. */
    boolean isReady(String installation);
  }

  private final String node;
  private final List<String> installations;
  private final Parts parts;
  private final Duration retryInterval;
  private @Nullable CountDownLatch stopSignal;
  private volatile @Nullable RelayGroup current;

  /**
   * Makes the lifecycle.
   *
   * @param retryInterval wait between two attempts to register
   */
  RelayLifecycle(String node, List<String> installations, Parts parts, Duration retryInterval) {
    this.node = node;
    this.installations = List.copyOf(installations);
    this.parts = parts;
    this.retryInterval = retryInterval;
  }

  /**
   * Where each relay of this process stands, by installation: the shard's name, or {@code home}
   * without shards. Asks nobody.
   */
  public Map<String, RelayStatus> statuses() {
    RelayGroup group = current;
    if (group != null) {
      return group.statuses();
    }
    Map<String, RelayStatus> stopped = new LinkedHashMap<>();
    for (String installation : installations) {
      stopped.put(
          installation, new RelayStatus(node, RelayState.STOPPED, 0, null, "", 0, 0, List.of()));
    }
    return stopped;
  }

  /**
   * How far an installation's relay is behind, whoever leads; null before the first start.
   *
   * @throws SQLException if the database can't be asked
   * @throws IllegalArgumentException if no installation has the name
   */
  public RelayStatus.@Nullable Lag lag(String installation) throws SQLException {
    RelayGroup group = current;
    return group == null ? null : group.lag(installation);
  }

  @Override
  public int getPhase() {
    return DEFAULT_PHASE; // the highest: last to start, first to stop
  }

  @Override
  public synchronized boolean isRunning() {
    return stopSignal != null;
  }

  @Override
  public synchronized void start() {
    if (stopSignal != null) {
      return;
    }
    CountDownLatch signal = new CountDownLatch(1);
    try {
      register(parts.consumers(), signal);
    } catch (RuntimeException | Error e) {
      signal.countDown(); // those that wait for their database give up with this start
      throw e;
    }
    RelayGroup group = parts.relays();
    group.start();
    current = group;
    stopSignal = signal;
  }

  /** All at the same time: several that do not answer must not add up. */
  private void register(Map<String, Consumers> consumers, CountDownLatch signal) {
    List<Future<?>> first = new ArrayList<>();
    consumers.forEach(
        (installation, toRegister) -> {
          CompletableFuture<@Nullable Void> attempted = new CompletableFuture<>();
          Thread thread =
              new Thread(
                  () -> register(installation, toRegister, attempted, signal),
                  "evenkeel-registration-" + installation);
          thread.setDaemon(true);
          thread.start();
          first.add(attempted);
        });
    Together.await(first, "Registering the consumers");
  }

  private void register(
      String installation,
      Consumers toRegister,
      CompletableFuture<@Nullable Void> attempted,
      CountDownLatch signal) {
    boolean done;
    try {
      done = parts.isReady(installation) && toRegister.tryRegister();
      attempted.complete(null);
    } catch (RuntimeException | Error e) {
      attempted.completeExceptionally(e);
      return;
    }
    if (!done) {
      registerLater(installation, toRegister, signal);
    }
  }

  private void registerLater(String installation, Consumers toRegister, CountDownLatch signal) {
    try {
      while (!signal.await(retryInterval.toMillis(), TimeUnit.MILLISECONDS)) {
        if (parts.isReady(installation) && toRegister.tryRegister()) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("The consumers can't be registered", e);
    }
  }

  @Override
  public void stop() {
    RelayGroup group;
    synchronized (this) {
      if (stopSignal == null) {
        return;
      }
      stopSignal.countDown();
      stopSignal = null;
      group = current;
    }
    if (group != null) {
      group.stop();
    }
  }
}
