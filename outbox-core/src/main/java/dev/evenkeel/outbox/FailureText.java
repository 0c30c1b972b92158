package dev.evenkeel.outbox;

import java.sql.BatchUpdateException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import tools.jackson.core.JacksonException;

/**
 * What is logged and stored of a failure: its own words, without what PostgreSQL, its driver and
 * Jackson add of the data. A violated constraint names the key's values or the whole row, a refused
 * value is quoted, an aborted batch shows its parameters, and a JSON text is quoted where it is
 * wrong. What an exception of the application says in its own words stays: that is up to the
 * application.
 */
public final class FailureText {

  private static final int MAX_CAUSES = 20;

  /** Data exceptions, whose messages quote the value. */
  private static final String DATA_EXCEPTION = "22";

  private FailureText() {}

  /** Class and message. */
  public static String of(Throwable failure) {
    return cleaned(failure, failure.toString());
  }

  /** The message; {@code null} as text without one. */
  public static String messageOf(Throwable failure) {
    return cleaned(failure, String.valueOf(failure.getMessage()));
  }

  /** The same failure for a log: each of its causes by {@link #of}, and where they came from. */
  public static Throwable traceOf(Throwable failure) {
    return trace(failure, 0);
  }

  private static Throwable trace(Throwable failure, int depth) {
    Throwable cause = failure.getCause();
    Trace trace =
        new Trace(
            of(failure), cause == null || depth > MAX_CAUSES ? null : trace(cause, depth + 1));
    trace.setStackTrace(failure.getStackTrace());
    return trace;
  }

  /** Stands for a failure, under its name. */
  private static final class Trace extends Exception {

    private static final long serialVersionUID = 1L;

    Trace(String text, @Nullable Throwable cause) {
      super(text, cause);
    }

    @Override
    @SuppressWarnings("OverrideThrowableToString") // the name in the text is the failure's
    public String toString() {
      return String.valueOf(getMessage());
    }
  }

  private static String cleaned(Throwable failure, String text) {
    String cleaned = text;
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++, cause = cause.getCause()) {
      String said = cause.getMessage();
      String brief = said == null || said.isEmpty() ? null : brief(cause);
      if (brief != null) {
        cleaned = cleaned.replace(said, brief);
      }
    }
    return cleaned;
  }

  /** What stands for a message that has data; null for any other. */
  private static @Nullable String brief(Throwable cause) {
    if (cause instanceof BatchUpdateException batch) {
      return "a batch was aborted (SQLSTATE %s)".formatted(batch.getSQLState());
    }
    if (cause instanceof JacksonException json) {
      return JsonMistake.of(json);
    }
    ServerErrorMessage error =
        cause instanceof PSQLException failed ? failed.getServerErrorMessage() : null;
    if (error == null) {
      return null;
    }
    String state = String.valueOf(error.getSQLState());
    String message = state.startsWith(DATA_EXCEPTION) ? "invalid data" : error.getMessage();
    return "%s: %s (SQLSTATE %s)".formatted(error.getSeverity(), message, state);
  }
}
