package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.spi.TransactionTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds handlers to their time. Past it their thread is interrupted and their backend terminated,
 * so that nothing they did can commit; the attempt has failed. The interrupt comes first, because
 * it frees the connections that a termination may have to wait for. A thread that does not even
 * react is abandoned: its handler is deaf, or it waits for a database that says nothing.
 */
final class HandlerWatchdog {

  private static final Logger log = LoggerFactory.getLogger(HandlerWatchdog.class);

  private final Duration timeout;
  private final Executor endings;
  private final Set<Running> running = ConcurrentHashMap.newKeySet();

  /**
   * Makes a watchdog.
   *
   * @param endings runs the terminations: each takes a connection, and handlers that hang may hold
   *     all of them, so nothing may wait for it
   */
  HandlerWatchdog(Duration timeout, Executor endings) {
    this.timeout = timeout;
    this.endings = endings;
  }

  /** A handler at work. */
  final class Running {

    private final Thread thread = Thread.currentThread();
    private final long deadline = System.nanoTime() + timeout.toNanos();
    private final Consumer<Running> onAbandon;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile @Nullable Backend backend;
    private volatile boolean expired;
    private volatile @Nullable Ended ended;
    private @Nullable Backend terminated; // the watchdog's own

    private Running(Consumer<Running> onAbandon) {
      this.onAbandon = onAbandon;
    }

    void began(Backend newBackend) {
      backend = newBackend;
    }

    /** Whether its time ran out inside its transaction; then whatever it threw means that. */
    boolean expired() {
      return expired && backend != null;
    }

    /** Whether its time ran out while it waited for a connection. */
    boolean neverBegan() {
      return expired && backend == null;
    }

    /** The session it works in; null before its transaction began. */
    @Nullable Backend backend() {
      return backend;
    }

    /**
     * Whether the handler's session was ended well before its thread was abandoned, so that it is
     * no database that the thread waits for. False when the database took long to end it, even if
     * it answers by now: the thread may just not have heard. False, too, while the session goes on:
     * a commit that waits for the disk can't be ended.
     */
    boolean outlivedItsSession() {
      Backend own = backend;
      Ended last = ended;
      return own != null
          && last != null
          && last.backend().equals(own)
          && deadline + timeout.toNanos() - last.at() >= timeout.toNanos() / 2
          && isGone(own);
    }

    /** Interrupts the handler, never whatever its thread does next. */
    private synchronized void interrupt() {
      if (!over.get()) {
        thread.interrupt();
      }
    }

    /**
     * Ends the watch. False: it was abandoned before, and somebody else answers for the delivery.
     */
    synchronized boolean finish() {
      running.remove(this);
      return over.compareAndSet(false, true);
    }
  }

  /**
   * The session of a handler's transaction.
   *
   * @param startedAt when the transaction started, as text: a session that a pool has handed on is
   *     in another one
   */
  record Backend(TransactionTarget target, int pid, String startedAt) {}

  /**
   * A session that its database was told to end, and said so.
   *
   * @param at when, by {@link System#nanoTime()}
   */
  private record Ended(Backend backend, long at) {}

  /** Begins to watch the calling thread. */
  Running watch(Consumer<Running> onAbandon) {
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
      try {
        look(watched, now);
      } catch (RuntimeException e) { // a periodic task that throws never runs again
        log.warn("A handler past its time could not be ended: {}", e.getMessage());
      }
    }
  }

  private void look(Running watched, long now) {
    if (!watched.expired) {
      // First the interrupt: it frees the connections that a termination may have to wait for.
      watched.expired = true;
      watched.interrupt();
    }
    Backend backend = watched.backend;
    if (backend != null && !backend.equals(watched.terminated)) { // one may follow another
      watched.terminated = backend;
      endings.execute(() -> terminate(watched, backend));
    }
    if (now - watched.deadline > timeout.toNanos() && watched.finish()) {
      log.error(
          "A delivery on {} does not react to its interrupt; its thread is abandoned",
          watched.thread.getName());
      watched.onAbandon.accept(watched);
    }
  }

  private static boolean isGone(Backend backend) {
    try (Connection c = backend.target().dataSource().getConnection();
        PreparedStatement statement =
            c.prepareStatement(
                "SELECT 1 FROM pg_stat_activity WHERE pid = ? AND xact_start = ?::timestamptz")) {
      statement.setInt(1, backend.pid());
      statement.setString(2, backend.startedAt());
      try (ResultSet row = statement.executeQuery()) {
        return !row.next();
      }
    } catch (SQLException e) {
      return false;
    }
  }

  private static void terminate(Running watched, Backend backend) {
    try (Connection c = backend.target().dataSource().getConnection();
        PreparedStatement statement =
            c.prepareStatement(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE pid = ? AND xact_start = ?::timestamptz
                """)) {
      statement.setInt(1, backend.pid());
      statement.setString(2, backend.startedAt());
      statement.execute();
      watched.ended = new Ended(backend, System.nanoTime());
    } catch (SQLException e) {
      // Its own statement_timeout and idle_in_transaction_session_timeout end it then.
      log.warn(
          "The backend {} of a handler past its time could not be terminated: {}",
          backend.pid(),
          e.getMessage());
    }
  }
}
