package dev.evenkeel.relay;

import dev.evenkeel.outbox.spi.TransactionTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds handlers to their time. Past it their backend is terminated, so that nothing they did can
 * commit, and their thread is interrupted; the attempt has failed. A thread that does not even react
 * to the interrupt is abandoned, and its key goes on without it.
 */
final class HandlerWatchdog {

  private static final Logger log = LoggerFactory.getLogger(HandlerWatchdog.class);

  private final Duration timeout;
  private final Set<Running> running = ConcurrentHashMap.newKeySet();

  HandlerWatchdog(Duration timeout) {
    this.timeout = timeout;
  }

  /** A handler at work. */
  final class Running implements AutoCloseable {

    private final Thread thread = Thread.currentThread();
    private final long deadline = System.nanoTime() + timeout.toNanos();
    private final Runnable onAbandon;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile @Nullable TransactionTarget target;
    private volatile int backendPid;
    private volatile boolean expired;

    private Running(Runnable onAbandon) {
      this.onAbandon = onAbandon;
    }

    void began(TransactionTarget newTarget, int pid) {
      backendPid = pid;
      target = newTarget;
    }

    /** Whether its time ran out; then whatever it threw means that. */
    boolean expired() {
      return expired;
    }

    /** Ends the watch. False: it was abandoned before, and somebody else answers for the delivery. */
    boolean finish() {
      boolean mine = over.compareAndSet(false, true);
      close();
      return mine;
    }

    @Override
    public void close() {
      running.remove(this);
    }
  }

  /** Begins to watch the calling thread. */
  Running watch(Runnable onAbandon) {
    Running watched = new Running(onAbandon);
    running.add(watched);
    return watched;
  }

  /** Looks over all of them; called several times per timeout. */
  void look() {
    long now = System.nanoTime();
    for (Running watched : running) {
      if (now - watched.deadline < 0) {
        continue;
      }
      if (!watched.expired) {
        expire(watched);
      } else if (now - watched.deadline > timeout.toNanos()
          && watched.over.compareAndSet(false, true)) {
        watched.close();
        log.error(
            "A handler on {} ignores its interrupt; its thread is abandoned",
            watched.thread.getName());
        watched.onAbandon.run();
      }
    }
  }

  private void expire(Running watched) {
    TransactionTarget target = watched.target;
    watched.expired = true;
    if (target != null) {
      terminate(target, watched.backendPid);
    }
    if (!watched.over.get()) {
      watched.thread.interrupt();
    }
  }

  private static void terminate(TransactionTarget target, int backendPid) {
    try (Connection c = target.dataSource().getConnection();
        PreparedStatement statement = c.prepareStatement("SELECT pg_terminate_backend(?)")) {
      statement.setInt(1, backendPid);
      statement.execute();
    } catch (SQLException e) {
      // Its own statement_timeout and idle_in_transaction_session_timeout end it then.
      log.warn(
          "The backend {} of a handler past its time could not be terminated: {}",
          backendPid,
          e.getMessage());
    }
  }
}
