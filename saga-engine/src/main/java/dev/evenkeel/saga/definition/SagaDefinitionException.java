package dev.evenkeel.saga.definition;

import java.util.List;

/** Definitions are not usable. The message names every mistake. */
public final class SagaDefinitionException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  public SagaDefinitionException(List<String> mistakes) {
    super("The sagas are not usable: " + String.join("; ", mistakes));
  }
}
