package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.PayloadException;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.transaction.TransactionSystemException;

/** What a failed delivery means for its next attempt. */
public enum FailureKind {
  /** The database could not be reached or refused sessions: no attempt was made. */
  OUTAGE,
  /** Deadlock, serialization failure or lock timeout: the next attempt may well succeed. */
  CONTENTION,
  /** The payload is not of the expected form: no attempt can succeed. */
  UNREADABLE,
  /** The payload store holds nothing for the message's claim. */
  CLAIM_MISSING,
  /** The handler failed. */
  HANDLER;

  private static final int MAX_CAUSES = 20;

  // serialization_failure, deadlock_detected, lock_not_available
  private static final Set<String> CONTENTION_STATES = Set.of("40001", "40P01", "55P03");

  // admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections, read-only after
  // failover
  private static final Set<String> OUTAGE_STATES =
      Set.of("57P01", "57P02", "57P03", "53300", "25006");

  /** Classifies by the whole chain of causes. */
  public static FailureKind of(Throwable failure) {
    // A connection that breaks also fails the rollback, which then hides what came first.
    if (failure instanceof TransactionSystemException rollback
        && rollback.getApplicationException() != null) {
      return of(rollback.getApplicationException());
    }
    // Not deeper in the chain: there it is an event that the handler could not write.
    if (failure instanceof PayloadException) {
      return UNREADABLE;
    }
    if (failure instanceof ClaimMissingException) {
      return CLAIM_MISSING;
    }
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++, cause = cause.getCause()) {
      FailureKind kind = ofOne(cause);
      if (kind != null) {
        return kind;
      }
    }
    return HANDLER;
  }

  private static @Nullable FailureKind ofOne(Throwable cause) {
    if (cause instanceof PessimisticLockingFailureException) {
      return CONTENTION;
    }
    if (cause instanceof SQLTransientConnectionException
        || cause instanceof SQLNonTransientConnectionException
        || cause instanceof SQLRecoverableException) {
      return OUTAGE;
    }
    if (cause instanceof SQLException sql && sql.getSQLState() != null) {
      String state = sql.getSQLState();
      if (state.startsWith("08") || OUTAGE_STATES.contains(state)) {
        return OUTAGE;
      }
      if (CONTENTION_STATES.contains(state)) {
        return CONTENTION;
      }
    }
    return null;
  }
}
