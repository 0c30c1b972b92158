package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.DurableCommit;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets many commits wait for the disk together: none of them waits, and before their messages are
 * acknowledged one {@link DurableCommit} does, for all.
 *
 * <p>A crash of the server takes back what had not reached the disk. After it a durable commit says
 * nothing of what was before. So a commit counts only with a {@link Run} that was there before its
 * transaction began and lives when the durable one has returned; otherwise its message is not
 * acknowledged but given back. Thread-safe.
 */
final class DurableCommits implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DurableCommits.class);

  /** Longest time that commits wait for company. */
  private static final Duration COMPANY = Duration.ofMillis(5);

  /** A run that was not heard of for longer may have ended unseen. */
  private static final Duration FRESH = Duration.ofSeconds(5);

  /** A server that says nothing for longer holds up what waits for it no more. */
  private static final Duration SILENCE = Duration.ofSeconds(10);

  private final DataSource home;
  private final ScheduledExecutorService clock = LanePool.clock("commits");
  private List<Waiting> waiting = new ArrayList<>(); // guarded by this; bounded by what is sent
  private boolean scheduled; // guarded by this
  private volatile @Nullable Run run; // written by the clock's one thread
  private volatile boolean forbidden;
  private volatile boolean closed;

  DurableCommits(DataSource home) {
    this.home = home;
  }

  /** The server from a moment until it crashes, known by one of its sessions. */
  static final class Run {

    private final Connection session;
    private final String backend;
    private volatile long heardAt;

    private Run(Connection session) throws SQLException {
      this.session = session;
      session.setNetworkTimeout(Runnable::run, (int) SILENCE.toMillis());
      session.setAutoCommit(false);
      this.backend = DurableCommit.write(session);
      session.commit();
      this.heardAt = System.nanoTime();
    }

    /** Fails if the session, and so the run, is not what it was. */
    private void commitDurably() throws SQLException {
      String now = DurableCommit.write(session);
      session.commit();
      if (!now.equals(backend)) {
        throw new SQLException(
            "The session was of process %s and is of process %s".formatted(backend, now));
      }
      heardAt = System.nanoTime();
    }

    /** At once: closing would wait for whoever waits in it for an answer. */
    private void end() {
      try {
        session.abort(Runnable::run);
        session.close();
      } catch (SQLException e) {
        log.debug("A session of the installation's database was not closed", e);
      }
    }
  }

  private record Waiting(Run run, Runnable durable, Consumer<Throwable> otherwise) {}

  /**
   * The server's present run, to be asked for before a transaction begins; null while none is
   * known, which lasts for milliseconds: then the transaction has to wait for itself. Does not
   * block.
   */
  @Nullable Run run() {
    if (forbidden) {
      return null;
    }
    Run known = run;
    if (known == null || System.nanoTime() - known.heardAt > FRESH.toNanos()) {
      soon(Duration.ZERO);
      return null;
    }
    return known;
  }

  /**
   * Takes over what has committed.
   *
   * @param during the run that was known before its transaction began
   * @param durable called once it is durable
   * @param otherwise called with the reason if it may be lost
   */
  synchronized void whenDurable(Run during, Runnable durable, Consumer<Throwable> otherwise) {
    waiting.add(new Waiting(during, durable, otherwise));
    soon(COMPANY);
  }

  private synchronized void soon(Duration delay) {
    if (scheduled || closed) {
      return;
    }
    try {
      clock.schedule(this::settle, delay.toMillis(), TimeUnit.MILLISECONDS);
      scheduled = true;
    } catch (RejectedExecutionException e) {
      log.trace("The lanes are closed; the next leader gets what was not acknowledged", e);
    }
  }

  private void settle() {
    List<Waiting> group;
    synchronized (this) {
      group = waiting;
      waiting = new ArrayList<>();
      scheduled = false;
    }
    Run durable = commitDurably();
    for (Waiting each : group) {
      if (each.run() == durable) {
        each.durable().run();
      } else {
        each.otherwise()
            .accept(
                new IllegalStateException(
                    "A session was lost before a commit was known to be durable; the server may have crashed"));
      }
    }
  }

  /** The run in which everything that had committed is durable now; null if there is none. */
  private @Nullable Run commitDurably() {
    Run known = run;
    try {
      if (known != null) {
        known.commitDurably();
        return known;
      }
      run = begin();
    } catch (SQLException e) {
      run = null;
      if (known != null) {
        known.end();
      }
      forbidden = DurableCommit.isForbidden(e);
      if (forbidden) {
        log.warn(
            "evenkeel.inbox.commit=grouped needs EXECUTE on pg_logical_emit_message; without it each commit waits for the disk");
      } else {
        log.debug("The installation's database does not answer", e);
      }
    }
    return null;
  }

  @SuppressWarnings("MustBeClosedChecker") // it lives until it is lost, or the lanes are closed
  private Run begin() throws SQLException {
    Connection session = home.getConnection();
    try {
      Run begun = new Run(session);
      if (closed) {
        throw new SQLException("The lanes are closed");
      }
      return begun;
    } catch (SQLException e) {
      session.close();
      throw e;
    }
  }

  /** Acknowledges nothing more. */
  @Override
  public void close() {
    closed = true;
    clock.shutdownNow();
    Run known = run;
    if (known != null) {
      known.end();
    }
  }
}
