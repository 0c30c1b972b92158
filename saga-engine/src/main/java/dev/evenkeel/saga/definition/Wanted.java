package dev.evenkeel.saga.definition;

import dev.evenkeel.outbox.PropertyPath;
import java.util.function.Predicate;

/**
 * A {@code when}: null is false, as absent is.
 *
 * @param text of the path
 * @param path from the command to a boolean
 */
record Wanted(String text, PropertyPath path) implements Predicate<Object> {

  /** For steps that are part of every instance. */
  static final Predicate<Object> ALWAYS = command -> true;

  /** Reads the path; an empty one is {@link #ALWAYS}. */
  static Predicate<Object> of(String text, StepScope scope, Mistakes mistakes) {
    if (text.isEmpty()) {
      return ALWAYS;
    }
    try {
      PropertyPath path = PropertyPath.of("when", scope.command(), text);
      if (path.type() != boolean.class && path.type() != Boolean.class) {
        mistakes.add(
            "when \"%s\" must be a boolean, was %s".formatted(text, path.type().getName()));
      }
      return new Wanted(text, path);
    } catch (IllegalArgumentException e) {
      mistakes.add(e);
      return ALWAYS;
    }
  }

  @Override
  public boolean test(Object command) {
    return Boolean.TRUE.equals(path.value(command));
  }
}
