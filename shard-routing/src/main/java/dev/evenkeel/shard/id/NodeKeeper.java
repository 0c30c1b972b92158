package dev.evenkeel.shard.id;

import dev.evenkeel.shard.id.SnowflakeNodeTable.Renewed;
import dev.evenkeel.shard.id.SnowflakeNodeTable.Taken;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds a node id from the first request to {@link #close()}: takes one, renews its lease every
 * third, and takes another when it is lost. Alone in talking to the database, on a thread of its
 * own; whatever fails is tried again.
 */
final class NodeKeeper implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(NodeKeeper.class);

  private static final long FIRST_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long LONGEST_RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final String NO_ANSWER =
      "the database has not answered yet; see whether it can be reached";

  /** Longest wait of a close for the database. */
  private static final long CLOSE_MILLIS = 10_000;

  private final SnowflakeOptions options;
  private final SnowflakeNodeTable table;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();

  // Guarded by the lock.
  private @Nullable Thread thread;
  private long looks;
  private boolean closed;
  private long idleSince;
  private String reason = NO_ANSWER;
  private @Nullable RuntimeException failure;

  private volatile @Nullable NodeLease held;

  // Of the thread.
  private NodeLease.IdClock clock = NodeLease.IdClock.unset();
  private long retryNanos = FIRST_RETRY_NANOS;

  NodeKeeper(SnowflakeNodeTable table, SnowflakeOptions options) {
    this.table = table;
    this.options = options;
  }

  /** The present lease, perhaps past its deadline; null when none is held. */
  @Nullable NodeLease held() {
    return held;
  }

  /** Counts the looks at the database; starts with the first call. */
  long looks() {
    lock.lock();
    try {
      if (thread == null && !closed) {
        idleSince = System.nanoTime();
        thread = new Thread(this::keep, "evenkeel-snowflake-node");
        thread.setDaemon(true);
        thread.start();
      }
      return looks;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for a look beyond those.
   *
   * @return the nanoseconds that are left, zero or less when time is up
   */
  long await(long looksBefore, long nanos) throws InterruptedException {
    long left = nanos;
    lock.lockInterruptibly();
    try {
      while (looks == looksBefore && !closed && left > 0) {
        left = news.awaitNanos(left);
      }
      return closed ? 0 : left;
    } finally {
      lock.unlock();
    }
  }

  /** Why there is no id. */
  IdsUnavailableException unavailable() {
    lock.lock();
    try {
      if (closed) {
        return new IdsUnavailableException(
            "No Snowflake id: this generator was closed; draw ids before the application stops",
            null);
      }
      NodeLease lease = held;
      long since = System.nanoTime() - (lease == null ? idleSince : lease.deadline());
      return new IdsUnavailableException(
          "No Snowflake id for %s: %s"
              .formatted(
                  Duration.ofNanos(Math.max(0, since)).truncatedTo(ChronoUnit.MILLIS), reason),
          failure);
    } finally {
      lock.unlock();
    }
  }

  private void keep() {
    long pause = look();
    while (pause(pause)) {
      pause = look();
    }
    NodeLease lease = held;
    if (lease != null) {
      giveBack(lease);
    }
  }

  /** True when it is time for the next look, false when there is none. */
  private boolean pause(long nanos) {
    lock.lock();
    try {
      looks++;
      news.signalAll();
      long left = nanos;
      while (!closed && left > 0) {
        left = news.awaitNanos(left);
      }
      return !closed;
    } catch (InterruptedException e) {
      return false; // nobody interrupts this thread but to end it
    } finally {
      lock.unlock();
    }
  }

  /** Renews or takes; says when to look again. */
  private long look() {
    try {
      NodeLease lease = held;
      if ((lease != null && renew(lease)) || take()) {
        found();
        return options.lease().toNanos() / 3;
      }
      missed(table.shortage(), null);
    } catch (RuntimeException e) {
      missed("the database fails (%s); see to it".formatted(e.getMessage()), e);
    }
    long pause = retryNanos;
    retryNanos = Math.min(2 * retryNanos, LONGEST_RETRY_NANOS);
    return pause;
  }

  private boolean renew(NodeLease lease) {
    long asked = System.nanoTime();
    Optional<Renewed> renewed = table.renew(lease.tenure(), options.lease(), lease.millis());
    long answered = System.nanoTime();
    if (renewed.isPresent()) {
      lease.extend(renewed.get(), asked, answered);
      return true;
    }
    lose(lease);
    return false;
  }

  private void lose(NodeLease lease) {
    log.warn(
        "The Snowflake node id {} was not renewed in time and is somebody else's now; taking another",
        lease.tenure().id());
    clock = lease.revoke();
    lock.lock();
    try {
      held = null;
      idleSince = System.nanoTime();
    } finally {
      lock.unlock();
    }
  }

  private boolean take() {
    long asked = System.nanoTime();
    Optional<Taken> taken = table.take(options.node(), options.lease(), clock.millis());
    long answered = System.nanoTime();
    if (taken.isEmpty()) {
      return false;
    }
    NodeLease lease = new NodeLease(taken.get(), options.lease(), clock, asked, answered);
    lock.lock();
    try {
      if (closed) {
        lease.revoke();
      }
      held = lease;
    } finally {
      lock.unlock();
    }
    log.info("Snowflake ids carry node id {} from now on", lease.tenure().id());
    return true;
  }

  private void found() {
    retryNanos = FIRST_RETRY_NANOS;
    lock.lock();
    try {
      reason = NO_ANSWER; // should it fall silent from here on
      failure = null;
    } finally {
      lock.unlock();
    }
  }

  private void missed(String why, @Nullable RuntimeException cause) {
    if (retryNanos == FIRST_RETRY_NANOS) { // once per outage
      log.warn("No lease of a Snowflake node id: {}", why);
    }
    lock.lock();
    try {
      reason = why;
      failure = cause;
    } finally {
      lock.unlock();
    }
  }

  private void giveBack(NodeLease lease) {
    try {
      table.giveBack(lease.tenure(), lease.revoke().lastMillis());
    } catch (RuntimeException e) {
      log.warn(
          "The Snowflake node id {} could not be given back; it is free when its lease ends",
          lease.tenure().id(),
          e);
    }
  }

  /** Ends issuing at once, then gives the node id back. Waits for the database a while at most. */
  @Override
  public void close() {
    Thread running;
    lock.lock();
    try {
      closed = true;
      NodeLease lease = held;
      if (lease != null) {
        lease.revoke();
      }
      news.signalAll();
      running = thread;
    } finally {
      lock.unlock();
    }
    if (running != null) {
      try {
        running.join(CLOSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
