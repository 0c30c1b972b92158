package dev.evenkeel.autoconfigure;

import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.relay.RelayStatus;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Registers the consumers and runs this process's relay: started after everything else, so that
 * handlers find a complete application, and stopped before everything else, so that they still find
 * it. A relay is used once, so each start makes a new one.
 *
 * <p>The application starts even while the database is away: the relay stands by, and consumers are
 * registered as soon as that works. Thread-safe.
 */
public final class RelayLifecycle implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(RelayLifecycle.class);

  private final String node;
  private final Supplier<Relay> relays;
  private final Supplier<Consumers> consumers;
  private final Duration retryInterval;
  private @Nullable CountDownLatch stopSignal;
  private volatile @Nullable Relay current;

  /**
   * Makes the lifecycle.
   *
   * @param relays asked at each start, for a relay with all it needs
   * @param consumers asked at each start, for what to register
   * @param retryInterval wait between two attempts to register
   */
  RelayLifecycle(
      String node, Supplier<Relay> relays, Supplier<Consumers> consumers, Duration retryInterval) {
    this.node = node;
    this.relays = relays;
    this.consumers = consumers;
    this.retryInterval = retryInterval;
  }

  /** Where the relay of this process stands. Asks nobody. */
  public RelayStatus status() {
    Relay relay = current;
    return relay == null
        ? new RelayStatus(node, RelayState.STOPPED, 0, null, 0, 0, List.of())
        : relay.status();
  }

  /**
   * How far the installation's relay is behind, whoever leads; null before the first start.
   *
   * @throws SQLException if the database can't be asked
   */
  public RelayStatus.@Nullable Lag lag() throws SQLException {
    Relay relay = current;
    return relay == null ? null : relay.lag();
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
    Consumers toRegister = consumers.get();
    if (!toRegister.tryRegister()) {
      Thread thread = new Thread(() -> registerLater(toRegister, signal), "evenkeel-registration");
      thread.setDaemon(true);
      thread.start();
    }
    Relay relay = relays.get();
    relay.start();
    current = relay;
    stopSignal = signal;
  }

  private void registerLater(Consumers toRegister, CountDownLatch signal) {
    try {
      while (!signal.await(retryInterval.toMillis(), TimeUnit.MILLISECONDS)) {
        if (toRegister.tryRegister()) {
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
    Relay relay;
    synchronized (this) {
      if (stopSignal == null) {
        return;
      }
      stopSignal.countDown();
      stopSignal = null;
      relay = current;
    }
    if (relay != null) {
      relay.stop();
    }
  }
}
