package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What may take long while a leader prepares: the lease is kept meanwhile, and who holds it up is
 * named. On the supervisor's thread.
 */
final class LongWait {

  private static final Logger log = LoggerFactory.getLogger(LongWait.class);

  /** How long others may hold up a start before the term is given back. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final long LOOK_MILLIS = 50;

  private final Term term;
  private final Consumer<String> waiting;
  private final BooleanSupplier stopping;

  /**
   * Makes the waits of one term.
   *
   * @param waiting told, as a sentence, what holds the start up
   * @param stopping whether to give up
   */
  LongWait(Term term, Consumer<String> waiting, BooleanSupplier stopping) {
    this.term = term;
    this.waiting = waiting;
    this.stopping = stopping;
  }

  /** Asked again and again until it holds. */
  interface Condition {
    boolean holds() throws SQLException;
  }

  /** A statement that takes long. */
  interface Statement {
    void run(Connection c) throws SQLException;
  }

  /** Waits until the condition holds. */
  void until(String what, Connection observer, Condition condition)
      throws SQLException, InterruptedException {
    await(
        what,
        observer,
        () -> {
          if (condition.holds()) {
            return true;
          }
          TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
          return false;
        });
  }

  /** Runs the statement on a session and a thread of its own. */
  void run(String what, Statement statement) throws SQLException, InterruptedException {
    try (Connection worker = term.openPatient("preparation");
        Connection observer = term.open("observer")) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                try {
                  statement.run(worker);
                  done.complete(null);
                } catch (SQLException | RuntimeException e) {
                  done.completeExceptionally(e);
                }
              },
              "evenkeel-relay-preparation");
      thread.setDaemon(true);
      thread.start();
      try {
        await(what, observer, () -> isDone(done));
        done.join();
      } catch (CompletionException e) {
        throw new SQLException("%s failed: %s".formatted(what, e.getMessage()), e);
      } finally {
        if (!done.isDone()) {
          worker.abort(Runnable::run); // closing would wait for the statement that runs
        }
      }
    }
  }

  private static boolean isDone(CompletableFuture<Void> future) throws InterruptedException {
    try {
      future.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      return true; // the caller joins and learns why
    }
  }

  private interface Look {
    boolean holds() throws SQLException, InterruptedException;
  }

  private void await(String what, Connection observer, Look look)
      throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    String said = "";
    while (!look.holds()) {
      if (stopping.getAsBoolean()) {
        throw new InterruptedException("stopped while " + what);
      }
      if (System.nanoTime() - deadline > 0) {
        throw new SQLException(what + " took longer than " + PATIENCE + ": " + said);
      }
      term.renew();
      String oldest = RelayConnections.oldestTransactions(observer);
      String now = oldest == null ? said : what + " is held up by " + oldest;
      if (!now.equals(said)) {
        said = now;
        waiting.accept(now);
        log.info("The relay's start: {}", now);
      }
    }
  }
}
