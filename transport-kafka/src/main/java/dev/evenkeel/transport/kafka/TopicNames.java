package dev.evenkeel.transport.kafka;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which topic an aggregate type's messages go to. Immutable, thread-safe.
 *
 * @param pattern a topic's name with {@link #PLACEHOLDER} in it, or one topic for all
 */
public record TopicNames(String pattern) {

  private static final Pattern LEGAL = Pattern.compile("[a-zA-Z0-9._-]{1,249}");

  /** Stands for the aggregate type. */
  public static final String PLACEHOLDER = "<aggregatetype>";

  /** What Debezium's outbox event router uses. */
  public static final TopicNames DEFAULT = new TopicNames("outbox.event." + PLACEHOLDER);

  public TopicNames {
    if (!LEGAL.matcher(pattern.replace(PLACEHOLDER, "x")).matches()) {
      throw new IllegalArgumentException(
          "evenkeel.kafka.topic must be letters, digits, '.', '_' and '-' with %s for the aggregate type, was \"%s\""
              .formatted(PLACEHOLDER, pattern));
    }
  }

  /** The topic; not a legal name when the aggregate type has characters that Kafka refuses. */
  String topic(String aggregateType) {
    return pattern.replace(PLACEHOLDER, aggregateType);
  }

  /** Whether Kafka takes the name. */
  static boolean legal(String topic) {
    return LEGAL.matcher(topic).matches() && !topic.equals(".") && !topic.equals("..");
  }

  /** The aggregate type that a topic's name says. */
  Optional<String> aggregateType(String topic) {
    int at = pattern.indexOf(PLACEHOLDER);
    if (at < 0) {
      return Optional.empty();
    }
    String prefix = pattern.substring(0, at);
    String suffix = pattern.substring(at + PLACEHOLDER.length());
    boolean fits =
        topic.length() > prefix.length() + suffix.length()
            && topic.startsWith(prefix)
            && topic.endsWith(suffix);
    return fits
        ? Optional.of(topic.substring(prefix.length(), topic.length() - suffix.length()))
        : Optional.empty();
  }
}
