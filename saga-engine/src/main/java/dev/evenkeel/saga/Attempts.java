package dev.evenkeel.saga;

import dev.evenkeel.outbox.ProtocolTransaction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
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
    private long deadline;
    private int backend;
    private boolean overdue;
    private boolean ended;

    private Attempt(StepTask task, DataSource dataSource) {
      this.task = task;
      this.dataSource = dataSource;
    }

    /** Now its time begins. Without a session all that can be done is to interrupt its thread. */
    void outsideTransaction() {
      synchronized (this) {
        deadline = System.nanoTime() + task.step().timeout().toNanos();
      }
      running.add(this);
    }

    /** The session of the attempt's transaction: now its time begins. */
    void on(Connection connection) throws SQLException {
      outsideTransaction();
      if (!connection.isWrapperFor(PGConnection.class)) {
        return; // it can't be ended from outside then; the thread is interrupted all the same
      }
      PGConnection session = connection.unwrap(PGConnection.class);
      synchronized (this) {
        backend = session.getBackendPID();
      }
      Map<PGConnection, Session> known = sessions.get(task.shard());
      if (known == null) {
        known =
            sessions.computeIfAbsent(
                task.shard(), shard -> java.util.Collections.synchronizedMap(new WeakHashMap<>()));
      }
      Session of = known.get(session);
      if (of == null) {
        of = new Session(session.getBackendPID());
        known.put(session, of);
      }
      if (!of.named) {
        endWhenIdle(connection);
      }
    }

    /** Nobody could end a session that no renewal has named yet, so the server has to. */
    private void endWhenIdle(Connection connection) throws SQLException {
      long millis = Math.max(1, Math.min(task.step().timeout().toMillis(), Integer.MAX_VALUE));
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET LOCAL idle_in_transaction_session_timeout = " + millis);
      }
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

    /** Whether it was ended because it took too long. */
    synchronized boolean isOverdue() {
      return overdue;
    }

    private synchronized boolean isDue(long now) {
      return !ended && !overdue && now - deadline > 0;
    }

    /** Holding the lock, so that the session can't be another's meanwhile. */
    private synchronized void end() {
      if (ended) {
        return;
      }
      overdue = true;
      log.warn(
          "Saga {}: the attempt at {} took longer than {} and is ended",
          task.instance().id(),
          task.effect().key(),
          task.step().timeout());
      thread.interrupt();
      if (backend != 0) {
        terminate(dataSource, backend);
      }
    }
  }

  /** A session that steps use. */
  private static final class Session {

    private final int backend;

    /** Whether a renewal of the lease has named it: others can end it from then on. */
    private volatile boolean named;

    Session(int backend) {
      this.backend = backend;
    }
  }

  private final Set<Attempt> running = ConcurrentHashMap.newKeySet();
  private final Map<String, Map<PGConnection, Session>> sessions = new ConcurrentHashMap<>();

  /**
   * Begins an attempt.
   *
   * @param dataSource for ending its session, not the one it takes its connection from if possible
   */
  Attempt begin(StepTask task, DataSource dataSource) {
    return new Attempt(task, dataSource);
  }

  /** Ends what takes too long. */
  void endOverdue() {
    long now = System.nanoTime();
    for (Attempt attempt : running) {
      if (attempt.isDue(now)) {
        attempt.end();
      }
    }
  }

  boolean isEmpty() {
    return running.isEmpty();
  }

  /** Ids of the open sessions that steps have used on a shard. */
  List<Integer> backends(String shard) {
    List<Integer> backends = new ArrayList<>();
    eachOpen(shard, session -> backends.add(session.backend));
    return backends;
  }

  /** A renewal that is committed has told them to the other nodes. */
  void named(String shard, Collection<Integer> backends) {
    eachOpen(
        shard,
        session -> {
          if (backends.contains(session.backend)) {
            session.named = true;
          }
        });
  }

  private void eachOpen(String shard, Consumer<Session> action) {
    Map<PGConnection, Session> known = sessions.get(shard);
    if (known == null) {
      return;
    }
    synchronized (known) {
      known.forEach(
          (session, of) -> {
            if (isOpen(session)) {
              action.accept(of);
            }
          });
    }
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
