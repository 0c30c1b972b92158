package dev.evenkeel.saga;

/** A saga can't do what was asked. The message is one sentence that names the ids. */
public class SagaException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  public SagaException(String message) {
    super(message);
  }

  public SagaException(String message, Throwable cause) {
    super(message, cause);
  }
}
