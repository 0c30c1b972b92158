package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.BatchUpdateException;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.springframework.dao.DataIntegrityViolationException;

class FailureTextTest {

  private static final String SECRET = "4716-secret-8023";

  /** As the server sends it, field by field. */
  private static PSQLException refused(String state, String message, String detail) {
    return new PSQLException(
        new ServerErrorMessage(
            "SERROR\0VERROR\0C%s\0M%s\0D%s\0Wunnamed portal parameter $1 = '%s'\0"
                .formatted(state, message, detail, SECRET)));
  }

  @Test
  void detailOfTheServerIsLeftOut() {
    PSQLException duplicate =
        refused("23505", "duplicate key value violates \"pk\"", "Key (n)=(" + SECRET + ") exists.");
    assertThat(duplicate.getMessage()).contains(SECRET);

    assertThat(FailureText.of(duplicate))
        .isEqualTo(
            "org.postgresql.util.PSQLException: ERROR: duplicate key value violates \"pk\" (SQLSTATE 23505)");
    assertThat(
            FailureText.messageOf(
                new DataIntegrityViolationException(
                    "SQL [INSERT]; " + duplicate.getMessage(), duplicate)))
        .isEqualTo("SQL [INSERT]; ERROR: duplicate key value violates \"pk\" (SQLSTATE 23505)");
  }

  @Test
  void valueThatTheServerQuotesIsLeftOut() {
    PSQLException invalid =
        refused("22P02", "invalid input syntax for type integer: \"" + SECRET + "\"", "");

    assertThat(FailureText.of(new IllegalStateException(invalid)))
        .doesNotContain(SECRET)
        .contains("invalid data (SQLSTATE 22P02)");
  }

  @Test
  void parametersOfABatchAreLeftOut() {
    BatchUpdateException batch =
        new BatchUpdateException(
            "Batch entry 0 INSERT INTO t VALUES ('" + SECRET + "') was aborted", "23505", null);

    assertThat(FailureText.of(new IllegalStateException("no: " + batch.getMessage(), batch)))
        .isEqualTo("java.lang.IllegalStateException: no: a batch was aborted (SQLSTATE 23505)");
  }

  @Test
  void traceKeepsClassesAndPlacesAndNoData() {
    PSQLException duplicate =
        refused("23505", "duplicate key value violates \"pk\"", "Key (n)=(" + SECRET + ") exists.");
    StringWriter written = new StringWriter();
    FailureText.traceOf(new IllegalStateException("no", duplicate))
        .printStackTrace(new PrintWriter(written));

    assertThat(written.toString())
        .doesNotContain(SECRET)
        .startsWith("java.lang.IllegalStateException: no")
        .contains(
            "at dev.evenkeel.outbox.FailureTextTest.traceKeepsClassesAndPlacesAndNoData",
            "Caused by: org.postgresql.util.PSQLException: ERROR: duplicate key");
  }

  @Test
  void whatTheApplicationSaysStays() {
    assertThat(FailureText.of(new IllegalStateException("no stock of 7")))
        .isEqualTo("java.lang.IllegalStateException: no stock of 7");
    assertThat(FailureText.messageOf(new IllegalStateException())).isEqualTo("null");
  }
}
