package dev.evenkeel.relay;

/** This process no longer leads, or may not. The relay stands by and looks again. */
final class LeadershipLostException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  LeadershipLostException(String message) {
    super(message);
  }

  LeadershipLostException(String message, Throwable cause) {
    super(message, cause);
  }
}
