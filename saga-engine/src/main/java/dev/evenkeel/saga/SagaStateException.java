package dev.evenkeel.saga;

/** The instance is in a state in which that can't be done. */
public final class SagaStateException extends SagaException {

  private static final long serialVersionUID = 1L;

  /** The state it was in. */
  private final SagaState state;

  public SagaStateException(String message, SagaState state) {
    super(message);
    this.state = state;
  }

  /** The state it was in. */
  public SagaState state() {
    return state;
  }
}
