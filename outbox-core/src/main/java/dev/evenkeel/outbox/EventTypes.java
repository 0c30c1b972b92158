package dev.evenkeel.outbox;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The registry of event types: the only way from a name on the wire to a class. Built once at
 * start-up, immutable, thread-safe.
 */
public final class EventTypes {

  private record NameAndVersion(String name, int version) {}

  /** Without a key, whoever registered the type makes its messages. */
  private record Registration(EventType type, @Nullable PropertyPath key) {}

  private final Map<NameAndVersion, EventType> byName = new HashMap<>();
  private final Map<Class<?>, Registration> byClass = new HashMap<>();
  private final Set<String> names = new HashSet<>();

  private EventTypes() {}

  /**
   * Registers classes that carry {@link OutboxEvent}.
   *
   * @throws IllegalArgumentException naming every mistake in one message: two classes for one type
   *     and version, unknown key properties, blank attributes
   */
  public static EventTypes of(Collection<Class<?>> payloadClasses) {
    return of(payloadClasses, List.of());
  }

  /**
   * Registers classes that carry {@link OutboxEvent}, and types of classes that need not. Of the
   * latter the registry knows no key: their messages are appended as {@link OutboxMessage}.
   *
   * @param others as an {@link EventTypeSource} gives them
   * @throws IllegalArgumentException as above, and for a class that is registered twice
   */
  public static EventTypes of(Collection<Class<?>> payloadClasses, Collection<EventType> others) {
    EventTypes types = new EventTypes();
    List<String> mistakes = new ArrayList<>();
    for (Class<?> payloadClass : new HashSet<>(payloadClasses)) {
      attempt(() -> types.register(payloadClass), mistakes);
    }
    for (EventType other : new HashSet<>(others)) {
      attempt(() -> types.register(other.requireValid(), null), mistakes);
    }
    if (!mistakes.isEmpty()) {
      mistakes.sort(null);
      throw new IllegalArgumentException(
          "The event types are not usable: " + String.join("; ", mistakes));
    }
    return types;
  }

  private static void attempt(Runnable registration, List<String> mistakes) {
    try {
      registration.run();
    } catch (IllegalArgumentException e) {
      mistakes.add(e.getMessage());
    }
  }

  private void register(Class<?> payloadClass) {
    register(
        EventType.of(payloadClass),
        PropertyPath.of("key", payloadClass, payloadClass.getAnnotation(OutboxEvent.class).key()));
  }

  private void register(EventType type, @Nullable PropertyPath key) {
    Class<?> payloadClass = type.payloadClass();
    EventType other = byName.putIfAbsent(new NameAndVersion(type.name(), type.version()), type);
    if (other != null) {
      String first = other.payloadClass().getName();
      String second = payloadClass.getName();
      throw new IllegalArgumentException(
          "%s is registered by both %s and %s; give one of them another type or version"
              .formatted(
                  type,
                  first.compareTo(second) < 0 ? first : second,
                  first.compareTo(second) < 0 ? second : first));
    }
    Registration same = byClass.putIfAbsent(payloadClass, new Registration(type, key));
    if (same != null) {
      throw new IllegalArgumentException(
          "%s is registered as %s and as %s; register it once"
              .formatted(payloadClass.getName(), same.type(), type));
    }
    names.add(type.name());
  }

  /** The type a class is registered as. */
  public Optional<EventType> find(Class<?> payloadClass) {
    return Optional.ofNullable(byClass.get(payloadClass)).map(Registration::type);
  }

  /** The type of that name and version. */
  public Optional<EventType> find(String name, int version) {
    return Optional.ofNullable(byName.get(new NameAndVersion(name, version)));
  }

  /** Whether some version of the name is registered. */
  public boolean knows(String name) {
    return names.contains(name);
  }

  /** Every registered type. */
  public Collection<EventType> all() {
    return List.copyOf(byName.values());
  }

  /**
   * An event as a message.
   *
   * @param payload the encoded event
   * @throws OutboxException if its class is not registered, or without a key, or its key is null or
   *     blank
   */
  OutboxMessage message(Object event, byte[] payload) {
    Registration registration = byClass.get(event.getClass());
    if (registration == null) {
      throw new OutboxException(
          event.getClass().getName()
              + " is not a registered event; annotate it with @OutboxEvent and have its package"
              + " scanned");
    }
    EventType type = registration.type();
    if (registration.key() == null) {
      throw new OutboxException(
          "%s is registered as %s without a key; publish it as an application event, or append an"
                  .formatted(event.getClass().getName(), type)
              + " OutboxMessage that has one");
    }
    return OutboxMessage.of(
        type.name(), type.version(), type.aggregateType(), registration.key().read(event), payload);
  }
}
