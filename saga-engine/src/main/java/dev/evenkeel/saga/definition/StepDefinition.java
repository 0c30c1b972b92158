package dev.evenkeel.saga.definition;

import java.util.List;
import java.util.Set;

/** A step of a definition. Immutable, thread-safe. */
public sealed interface StepDefinition permits ActionStep, AwaitStep {

  /** Unique in its saga. */
  String name();

  /** The steps it comes after, as written. */
  List<String> after();

  /** All steps that are done before it begins: {@link #after()} and theirs. */
  Set<String> ancestors();

  /** Class of its result: what it returns, {@code Void} for nothing, or the awaited event. */
  Class<?> resultType();

  /** Whether the step is part of an instance; false counts as done. */
  boolean isWanted(Object command);
}
