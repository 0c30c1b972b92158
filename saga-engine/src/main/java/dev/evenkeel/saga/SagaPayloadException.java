package dev.evenkeel.saga;

/** A command, result or event can't be written, or is too large. */
public final class SagaPayloadException extends SagaException {

  private static final long serialVersionUID = 1L;

  public SagaPayloadException(String message) {
    super(message);
  }

  public SagaPayloadException(String message, Throwable cause) {
    super(message, cause);
  }
}
