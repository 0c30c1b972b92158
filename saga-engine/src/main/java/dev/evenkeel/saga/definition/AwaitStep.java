package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.OnTimeout;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A step that waits for an event.
 *
 * @param name unique in its saga
 * @param after steps it comes after
 * @param ancestors all steps that are done before it
 * @param eventType logical name of the event, as it is stored
 * @param resultType class of the event
 * @param wanted on the command
 * @param timeout from the moment the last ancestor was done; null for ever
 * @param onTimeout what happens then
 */
public record AwaitStep(
    String name,
    List<String> after,
    Set<String> ancestors,
    String eventType,
    Class<?> resultType,
    Predicate<Object> wanted,
    @Nullable Duration timeout,
    OnTimeout onTimeout)
    implements StepDefinition {

  public AwaitStep {
    after = List.copyOf(after);
    ancestors = Set.copyOf(ancestors);
  }

  @Override
  public boolean isWanted(Object command) {
    return wanted.test(command);
  }
}
