package dev.evenkeel.saga.definition;

/** Makes a call, once it is known what its step may read. */
@FunctionalInterface
interface Binding {

  /** With a mistake added, what it returns is not used. */
  ActionStep.Call bind(StepScope scope, Mistakes mistakes);
}
