package dev.evenkeel.saga.definition;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * The items of a {@code forEach} step.
 *
 * @param path to the collection
 */
record Items(StepPath path) implements ActionStep.Reader<Collection<?>> {

  /** Reads the path; null when there is a mistake, which is added. */
  static @Nullable Items of(String text, StepScope scope, Mistakes mistakes) {
    StepPath path = StepPath.bind("forEach", text, scope, mistakes);
    if (path == null) {
      return null;
    }
    if (!Collection.class.isAssignableFrom(path.type())) {
      mistakes.add(
          "forEach \"%s\" must be a collection, was %s".formatted(text, path.type().getName()));
      return null;
    }
    if (!isOrdered(path.type())) {
      mistakes.add(
          ("forEach \"%s\" must keep its order, for an item is known by its position, was %s; use a"
                  + " List")
              .formatted(text, path.type().getName()));
    }
    return new Items(path);
  }

  /** A plain set may come out of its stored form in another order on another node. */
  private static boolean isOrdered(Class<?> type) {
    return !Set.class.isAssignableFrom(type)
        || SortedSet.class.isAssignableFrom(type)
        || LinkedHashSet.class.isAssignableFrom(type);
  }

  @Override
  public @Nullable Collection<?> read(StepContext<Object> context) {
    return (Collection<?>) path.read(context);
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
