package dev.evenkeel.outbox;

import java.util.Collection;

/**
 * Registers types of events whose classes carry no {@link OutboxEvent}, such as those that another
 * framework marks, so that they can be handled. Whoever registers a type appends its messages.
 * Asked once, at start-up.
 */
@FunctionalInterface
public interface EventTypeSource {

  /**
   * The types.
   *
   * @param packages the application's, which are scanned for {@code OutboxEvent}, too
   * @throws IllegalArgumentException naming every mistake; the application does not start
   */
  Collection<EventType> types(Collection<String> packages);
}
