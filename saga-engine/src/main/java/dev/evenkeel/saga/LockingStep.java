package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.saga.StepState.Work;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.jdbc.UncategorizedSQLException;

/** What one step does with locks, on the thread and the connection of its transaction. */
final class LockingStep {

  private static final ThreadLocal<@Nullable LockingStep> CURRENT = new ThreadLocal<>();

  /** A lock may be let go and be taken by another between two statements; not for ever. */
  private static final int MAX_TRIES = 3;

  /** Locks of ended sagas that one step may take. */
  private static final int MAX_TAKEN_OVER = 100;

  private static final int MAX_CAUSES = 20;

  /** What the step has met. */
  record Met(LockTable.Held held, LockMode mode, Duration maxWait, SagaLockedException exception) {}

  private final StepTask task;
  private final LockTable table;
  private final Set<LockTable.Held> ofEnded = new HashSet<>();
  private @Nullable Connection connection;
  private @Nullable Met met;

  LockingStep(StepTask task, LockTable table) {
    this.task = task;
    this.table = table;
  }

  static LockingStep current() {
    LockingStep current = CURRENT.get();
    if (current == null) {
      throw new IllegalStateException(
          "Locks are taken and released in the transaction of a saga's step, on its thread; there is none here");
    }
    return current;
  }

  /** The step's code follows, in this transaction. */
  void enter(Connection transaction) {
    connection = transaction;
    met = null;
    CURRENT.set(this);
  }

  void leave() {
    CURRENT.remove();
    connection = null;
  }

  /** A step that has to wait must not commit, even if its code has caught what says so. */
  void requireNothingMet() {
    if (met != null && met.mode() == LockMode.WAIT) {
      throw met.exception();
    }
  }

  /** The lock because of which the step failed; null when that is not why. */
  @Nullable Met met(Throwable failure) {
    Met last = met;
    if (last == null
        || failure instanceof OverdueException
        || FailureKind.of(failure) != FailureKind.HANDLER) {
      return null;
    }
    return last.mode() == LockMode.WAIT || isCausedBy(failure, last.exception()) ? last : null;
  }

  @SuppressWarnings("ReferenceEquality") // this very exception, not one that says the same
  private static boolean isCausedBy(Throwable failure, Throwable cause) {
    Throwable current = failure;
    for (int depth = 0; current != null && depth < MAX_CAUSES; depth++) {
      if (current == cause) {
        return true;
      }
      current = current.getCause();
    }
    return false;
  }

  /** Its holder has ended for good: the next attempt takes it, as it was seen. */
  boolean mayTakeOver(LockTable.Held held) {
    return ofEnded.size() < MAX_TAKEN_OVER && ofEnded.add(held);
  }

  void acquire(String name, String key, LockMode mode, Duration ttl, Duration maxWait) {
    if (task.effect().work() == Work.UNDO) {
      throw new IllegalStateException(
          "The compensation of step \"%s\" can't take lock \"%s\": it could not say no; take it in the step"
              .formatted(task.step().name(), name));
    }
    if (task.step().kind() == StepKind.RETRIABLE) {
      throw new IllegalStateException(
          "Step \"%s\" is retriable and can't take lock \"%s\": it could not turn back; take it at or before the pivot"
              .formatted(task.step().name(), name));
    }
    LockTable.Take take =
        new LockTable.Take(
            name, key, task.slot(), task.instance().id(), task.effect().key().toString(), ttl);
    Optional<LockTable.Held> held = inTransaction(c -> acquire(c, take));
    if (held.isPresent()) {
      SagaLockedException locked = new SagaLockedException(name, key, held.get().sagaId(), "");
      met = new Met(held.get(), mode, maxWait, locked);
      throw locked;
    }
  }

  /** Nobody when it is taken, else who has it. */
  private Optional<LockTable.Held> acquire(Connection c, LockTable.Take take) throws SQLException {
    Duration ahead = task.run().clock().ahead();
    for (int i = 0; i < MAX_TRIES; i++) {
      if (table.acquire(c, take, ahead)) {
        return Optional.empty();
      }
      Optional<LockTable.Held> held = table.find(c, take.name(), take.key(), ahead);
      if (held.isPresent() && !ofEnded.contains(held.get())) {
        return held;
      }
      if (held.isPresent() && table.takeOver(c, take, held.get(), ahead)) {
        return Optional.empty();
      }
    }
    throw new CannotAcquireLockException(
        "Lock \"%s\" of \"%s\" changes hands too fast".formatted(take.name(), take.key()));
  }

  void release(String name, String key) {
    UUID saga = task.instance().id();
    inTransaction(
        c -> {
          if (task.effect().work() == Work.UNDO) {
            table.releaseHold(c, name, key, saga, task.effect().key().toString());
          } else {
            table.release(c, name, key, saga);
          }
          return saga;
        });
  }

  private interface Locking<T> {
    T in(Connection c) throws SQLException;
  }

  private <T> T inTransaction(Locking<T> work) {
    Connection transaction = connection;
    if (transaction == null) {
      throw new IllegalStateException("The transaction of the step is over");
    }
    try {
      return work.in(transaction);
    } catch (SQLException e) {
      throw new UncategorizedSQLException("Locking in step " + task.effect().key(), null, e);
    }
  }
}
