package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one engine session's heartbeats, on a session of its own that is opened again when it
 * fails. Without heartbeats H stands still, so the supervisor watches their silence.
 */
final class Heartbeats implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Heartbeats.class);

  private final Term term;
  private final String origin;
  private @Nullable Connection connection;
  private final ScheduledExecutorService thread;
  private boolean closed;
  private volatile long writtenAt = System.nanoTime();

  Heartbeats(Term term, String origin) {
    this.term = term;
    this.origin = origin;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread beating = new Thread(task, "evenkeel-relay-heartbeat-" + origin);
              beating.setDaemon(true);
              return beating;
            });
  }

  /** Writes one at once, and then one each interval. */
  void start(Duration interval) {
    thread.scheduleWithFixedDelay(this::beat, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Writes one; a failure is logged, and the next turn tries with a new session. */
  synchronized void beat() {
    if (closed) {
      return;
    }
    try {
      Connection session = connection;
      if (session == null) {
        session = term.open("heartbeat");
        connection = session;
      }
      term.emitHeartbeat(session, origin);
      writtenAt = System.nanoTime();
    } catch (SQLException | RuntimeException e) {
      log.warn("A heartbeat could not be written: {}", e.getMessage());
      closeSession();
    }
  }

  /** Time since one was written last. */
  Duration silence() {
    return Duration.ofNanos(System.nanoTime() - writtenAt);
  }

  private void closeSession() {
    Connection session = connection;
    connection = null;
    if (session != null) {
      Term.closeQuietly(session);
    }
  }

  @Override
  public synchronized void close() {
    thread.shutdownNow();
    closed = true;
    closeSession();
  }
}
