package dev.evenkeel.saga.definition;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a step may read.
 *
 * @param command class of the start command
 * @param item class of the item; null for a single step
 * @param own the step itself
 * @param ancestors in topological order
 * @param all every step of the saga, for better errors
 */
record StepScope(
    Class<?> command,
    @Nullable Class<?> item,
    StepDraft own,
    List<StepDraft> ancestors,
    List<StepDraft> all) {

  StepScope withItem(@Nullable Class<?> type) {
    return new StepScope(command, type, own, ancestors, all);
  }

  /** The ancestor of that name; null when it is none. */
  @Nullable StepDraft ancestor(String name) {
    return ancestors.stream().filter(a -> a.name.equals(name)).findFirst().orElse(null);
  }

  boolean isStep(String name) {
    return all.stream().anyMatch(s -> s.name.equals(name));
  }

  Set<String> ancestorNames() {
    return ancestors.stream().map(a -> a.name).collect(Collectors.toUnmodifiableSet());
  }
}
