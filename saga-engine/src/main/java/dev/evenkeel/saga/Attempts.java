package dev.evenkeel.saga;

import dev.evenkeel.outbox.ProtocolTransaction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The attempts under way in this process: ends those that take too long, and knows the sessions
 * that steps use, for whoever takes over from a process that stands still. Thread-safe.
 */
final class Attempts {

  private static final Logger log = LoggerFactory.getLogger(Attempts.class);

  /** One attempt, on the thread that runs it. */
  final class Attempt implements AutoCloseable {

    private final StepTask task;
    private final DataSource dataSource;
    private final Thread thread = Thread.currentThread();
    private final long deadline;
    private int backend;
    private boolean ended;

    private Attempt(StepTask task, DataSource dataSource, Duration timeout) {
      this.task = task;
      this.dataSource = dataSource;
      this.deadline = System.nanoTime() + timeout.toNanos();
    }

    /** The session of the attempt's transaction. */
    void on(Connection connection) throws SQLException {
      if (!connection.isWrapperFor(PGConnection.class)) {
        return; // it can't be ended from outside then; the thread is interrupted all the same
      }
      PGConnection session = connection.unwrap(PGConnection.class);
      synchronized (this) {
        backend = session.getBackendPID();
      }
      Map<PGConnection, Integer> known = sessions.get(task.shard());
      if (known == null) {
        known =
            sessions.computeIfAbsent(
                task.shard(), shard -> java.util.Collections.synchronizedMap(new WeakHashMap<>()));
      }
      known.putIfAbsent(session, session.getBackendPID());
    }

    /** The connection is about to go back: from now on its session is nobody's to end. */
    @Override
    public void close() {
      synchronized (this) {
        ended = true;
      }
      running.remove(this);
      if (Thread.interrupted()) {
        log.debug("{} had been interrupted", task.effect().key());
      }
    }

    /** Holding the lock, so that the session can't be another's meanwhile. */
    private synchronized void end() {
      if (ended) {
        return;
      }
      log.warn(
          "Saga {}: the attempt at {} took longer than {} and is ended",
          task.instance().id(),
          task.effect().key(),
          task.step().timeout());
      if (backend != 0) {
        terminate(dataSource, backend);
      }
      thread.interrupt();
    }
  }

  private final Set<Attempt> running = ConcurrentHashMap.newKeySet();
  private final Map<String, Map<PGConnection, Integer>> sessions = new ConcurrentHashMap<>();

  Attempt begin(StepTask task, DataSource dataSource) {
    Attempt attempt = new Attempt(task, dataSource, task.step().timeout());
    running.add(attempt);
    return attempt;
  }

  /** Ends what takes too long. */
  void endOverdue() {
    long now = System.nanoTime();
    for (Attempt attempt : running) {
      if (now - attempt.deadline > 0) {
        attempt.end();
      }
    }
  }

  boolean isEmpty() {
    return running.isEmpty();
  }

  /** Ids of the open sessions that steps have used on a shard. */
  List<Integer> backends(String shard) {
    Map<PGConnection, Integer> known = sessions.get(shard);
    if (known == null) {
      return List.of();
    }
    List<Integer> backends = new ArrayList<>();
    synchronized (known) {
      known.forEach(
          (session, backend) -> {
            if (isOpen(session)) {
              backends.add(backend);
            }
          });
    }
    return backends;
  }

  private static boolean isOpen(@Nullable PGConnection session) {
    try {
      return session instanceof Connection connection && !connection.isClosed();
    } catch (SQLException e) {
      return false;
    }
  }

  private static void terminate(DataSource dataSource, int backend) {
    try {
      ProtocolTransaction.inTransaction(
          dataSource,
          "Ending an attempt that takes too long",
          c -> {
            try (PreparedStatement statement =
                c.prepareStatement("SELECT pg_terminate_backend(?)")) {
              statement.setInt(1, backend);
              return statement.execute();
            }
          });
    } catch (RuntimeException e) {
      log.warn("The session {} could not be ended: {}", backend, e.getMessage());
    }
  }
}
