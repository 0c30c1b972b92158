package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.EventType;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.outbox.spi.DirectHandler;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which topics carry what the handlers of this process want. Immutable, thread-safe. */
final class SubscribedTopics {

  private final TopicNames names;
  private final Map<String, Set<String>> aggregateTypes = new TreeMap<>(); // by message type
  private final Set<String> topics = new TreeSet<>();

  SubscribedTopics(TopicNames names, EventTypes types, InboxHandlers handlers) {
    this.names = names;
    for (EventType type : types.all()) {
      aggregateTypes.computeIfAbsent(type.name(), t -> new TreeSet<>()).add(type.aggregateType());
    }
    for (DirectHandler handler : handlers.directHandlers()) { // their types need no class
      aggregateTypes
          .computeIfAbsent(handler.type(), t -> new TreeSet<>())
          .add(handler.aggregateType());
    }
    for (Subscription wanted : handlers.subscriptions()) {
      aggregateTypes
          .getOrDefault(wanted.type(), Set.of())
          .forEach(aggregateType -> topics.add(names.topic(aggregateType)));
    }
  }

  Set<String> topics() {
    return topics;
  }

  /**
   * The aggregate type of a record. The name of its topic says it; where all share one topic, the
   * type does.
   */
  String aggregateType(String topic, @Nullable String type) {
    return names
        .aggregateType(topic)
        .orElseGet(
            () -> {
              Set<String> ofType =
                  type == null ? Set.of() : aggregateTypes.getOrDefault(type, Set.of());
              return ofType.isEmpty() ? topic : ofType.iterator().next();
            });
  }
}
