package dev.evenkeel.saga;

/** No such saga or instance. */
public final class UnknownSagaException extends SagaException {

  private static final long serialVersionUID = 1L;

  public UnknownSagaException(String message) {
    super(message);
  }
}
