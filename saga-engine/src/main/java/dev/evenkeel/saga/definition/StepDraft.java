package dev.evenkeel.saga.definition;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A step as written down, before anything is checked. */
abstract sealed class StepDraft permits StepBuilder, AwaitBuilder {

  final String name;

  /** Null until it is said. */
  @Nullable List<String> after;

  Class<?> resultType;
  String when = "";

  /** Name in the versions that the saga continues; empty for the same. */
  String formerly = "";

  /** Version in which it came. */
  int since = 1;

  StepDraft(String name, Class<?> resultType) {
    this.name = name;
    this.resultType = resultType;
  }

  /** Whether its results are a list. */
  abstract boolean isForEach();

  /** Makes the step; with a mistake added, what it returns is not used. */
  abstract StepDefinition define(StepScope scope, Mistakes mistakes);

  final List<String> afterOrNone() {
    return after == null ? List.of() : after;
  }

  @Override
  public String toString() {
    return name;
  }
}
