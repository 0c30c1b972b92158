package dev.evenkeel.outbox;

/**
 * A registered type of event.
 *
 * @param name logical name
 * @param version from 1
 * @param aggregateType with the key the order key
 * @param payloadClass what the payload is encoded from and decoded to
 */
public record EventType(String name, int version, String aggregateType, Class<?> payloadClass) {

  static EventType of(Class<?> payloadClass) {
    OutboxEvent event = payloadClass.getAnnotation(OutboxEvent.class);
    if (event == null) {
      throw new IllegalArgumentException(
          payloadClass.getName() + " carries no @OutboxEvent; annotate it to register it");
    }
    requireText(payloadClass, "type", event.type());
    requireText(payloadClass, "aggregateType", event.aggregateType());
    requireText(payloadClass, "key", event.key());
    if (event.version() < 1) {
      throw new IllegalArgumentException(
          "@OutboxEvent of %s: version must be at least 1, was %d"
              .formatted(payloadClass.getName(), event.version()));
    }
    return new EventType(event.type(), event.version(), event.aggregateType(), payloadClass);
  }

  /**
   * For a type that no annotation describes.
   *
   * @throws IllegalArgumentException for a blank name or aggregate type, or a version below 1
   */
  EventType requireValid() {
    if (name.isBlank() || aggregateType.isBlank() || version < 1) {
      throw new IllegalArgumentException(
          "the type of %s must have a name, an aggregate type and a version of at least 1, was \"%s\", \"%s\" and %d"
              .formatted(payloadClass.getName(), name, aggregateType, version));
    }
    return this;
  }

  private static void requireText(Class<?> payloadClass, String attribute, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(
          "@OutboxEvent of %s: %s must not be blank".formatted(payloadClass.getName(), attribute));
    }
  }

  @Override
  public String toString() {
    return name + " v" + version;
  }
}
