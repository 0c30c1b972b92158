package dev.evenkeel.saga.definition;

import java.util.List;

/** Definitions are not usable. The message names every mistake. */
public final class SagaDefinitionException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** One sentence each. */
  private final List<String> mistakes;

  public SagaDefinitionException(List<String> mistakes) {
    super("The sagas are not usable: " + String.join("; ", mistakes));
    this.mistakes = List.copyOf(mistakes);
  }

  /** One sentence each, naming saga and step. */
  public List<String> mistakes() {
    return mistakes;
  }
}
