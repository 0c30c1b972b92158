package dev.evenkeel.saga;

/** An attempt took too long and was ended. Without a cause, which would look like an outage. */
final class OverdueException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  OverdueException(String message) {
    super(message);
  }
}
