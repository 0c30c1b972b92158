package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.spi.PayloadException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.jdbc.UncategorizedSQLException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;

class FailureKindTest {

  @ParameterizedTest
  @ValueSource(strings = {"08006", "08001", "57P01", "57P02", "57P03", "53300", "25006"})
  void aDatabaseThatIsAwayIsAnOutage(String state) {
    assertThat(FailureKind.of(new IllegalStateException(new SQLException("x", state))))
        .isEqualTo(FailureKind.OUTAGE);
  }

  @Test
  void anExhaustedPoolIsAnOutage() {
    SQLException timeout = new SQLTransientConnectionException("no connection within 30 s");

    assertThat(FailureKind.of(new CannotCreateTransactionException("x", timeout)))
        .isEqualTo(FailureKind.OUTAGE);
    assertThat(FailureKind.of(new CannotGetJdbcConnectionException("x", timeout)))
        .isEqualTo(FailureKind.OUTAGE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"40001", "40P01", "55P03"})
  void deadlocksAndLockTimeoutsAreContention(String state) {
    assertThat(FailureKind.of(new IllegalStateException(new SQLException("x", state))))
        .isEqualTo(FailureKind.CONTENTION);
  }

  @Test
  void aTranslatedLockFailureIsContention() {
    assertThat(FailureKind.of(new CannotAcquireLockException("x")))
        .isEqualTo(FailureKind.CONTENTION);
  }

  @Test
  void aPayloadThatCantBeReadIsUnreadable() {
    assertThat(FailureKind.of(new PayloadException("x", null))).isEqualTo(FailureKind.UNREADABLE);
  }

  /** What the handler could not write says nothing about what it received. */
  @Test
  void anEventThatTheHandlerCouldNotAppendIsTheHandlersFailure() {
    assertThat(FailureKind.of(new OutboxException("x", new PayloadException("x", null))))
        .isEqualTo(FailureKind.HANDLER);
  }

  @Test
  void anythingElseIsTheHandlersFailure() {
    assertThat(FailureKind.of(new IllegalStateException("x"))).isEqualTo(FailureKind.HANDLER);
    assertThat(FailureKind.of(new AssertionError("x"))).isEqualTo(FailureKind.HANDLER);
    assertThat(FailureKind.of(new SQLException("no state"))).isEqualTo(FailureKind.HANDLER);
    assertThat(
            FailureKind.of(
                new DataIntegrityViolationException("x", new SQLException("x", "23505"))))
        .isEqualTo(FailureKind.HANDLER);
  }

  @Test
  void aCircleOfCausesEnds() {
    IllegalStateException first = new IllegalStateException("first");
    IllegalStateException second = new IllegalStateException("second", first);
    first.initCause(second);

    assertThat(FailureKind.of(first)).isEqualTo(FailureKind.HANDLER);
  }

  @Test
  void rollbackThatFailsDoesNotHideAnOutage() {
    TransactionSystemException rollback =
        new TransactionSystemException("JDBC rollback failed", new SQLException("closed"));
    rollback.initApplicationException(
        new UncategorizedSQLException("a test", null, new SQLException("cut", "08006")));

    assertThat(FailureKind.of(rollback)).isEqualTo(FailureKind.OUTAGE);
  }
}
