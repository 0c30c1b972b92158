package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.DeadLetterEdit;
import dev.evenkeel.outbox.DeadLetterFilter;
import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.JsonMistake;
import dev.evenkeel.outbox.ParkReason;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Reads what callers of {@code evenkeeloutbox} say. What can't be read throws an {@link
 * IllegalArgumentException} with the sentence for the caller.
 */
final class DeadLetterRequest {

  /** Beyond every clock, and within what PostgreSQL stores. */
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  private DeadLetterRequest() {}

  static DeadLetterFilter filter(
      @Nullable String consumer,
      @Nullable String type,
      @Nullable String aggregateType,
      @Nullable String aggregateId,
      @Nullable String reason,
      @Nullable String parkedAfter,
      @Nullable String parkedBefore) {
    return new DeadLetterFilter(
        text("consumer", consumer),
        text("type", type),
        text("aggregateType", aggregateType),
        text("aggregateId", aggregateId),
        reason == null ? null : oneOf("reason", ParkReason.class, reason),
        instant("parkedAfter", parkedAfter),
        instant("parkedBefore", parkedBefore));
  }

  /** So that nobody decides about all of them by leaving something out. */
  static void requireExplicit(DeadLetterFilter filter, boolean all) {
    if (filter.isAll() && !all) {
      throw new IllegalArgumentException(
          "Name at least one of consumer, type, aggregateType, aggregateId, reason, parkedAfter and parkedBefore,"
              + " or \"all\": true to mean every dead letter");
    }
    if (!filter.isAll() && all) {
      throw new IllegalArgumentException(
          "\"all\": true means every dead letter, so nothing else may narrow the choice; leave one of the two out");
    }
  }

  static <E extends Enum<E>> E oneOf(String name, Class<E> allowed, @Nullable String value) {
    for (E constant : allowed.getEnumConstants()) {
      if (value != null && constant.name().equals(value.toUpperCase(Locale.ROOT))) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        "%s must be one of %s, was %s"
            .formatted(
                name,
                Arrays.toString(allowed.getEnumConstants()),
                value == null ? "missing" : "\"" + value + "\""));
  }

  /** PostgreSQL has no NUL in a text, so nothing can be found by it and nothing stored. */
  static @Nullable String text(String name, @Nullable String value) {
    if (value != null && value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("%s must not contain the character 0".formatted(name));
    }
    return value;
  }

  static @Nullable Instant instant(String name, @Nullable String value) {
    if (value == null) {
      return null;
    }
    Instant instant = parsed(name, value);
    if (instant.isBefore(Instant.EPOCH) || instant.isAfter(LAST)) {
      throw new IllegalArgumentException(
          "%s must be between %s and %s, was %s".formatted(name, Instant.EPOCH, LAST, value));
    }
    return instant;
  }

  private static Instant parsed(String name, String value) {
    try {
      return Instant.parse(value);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "%s must be an instant such as 2026-01-31T12:00:00Z, was \"%s\"".formatted(name, value),
          e);
    }
  }

  static String because(@Nullable String because, String whatFor) {
    if (because == null || because.isBlank()) {
      throw new IllegalArgumentException("because must say why " + whatFor);
    }
    text("because", because);
    return because;
  }

  static DeadLetterEdit edit(
      @Nullable Integer revision,
      @Nullable String payload,
      @Nullable String payloadBase64,
      @Nullable String headersJson) {
    if (revision == null) {
      throw new IllegalArgumentException(
          "revision must say which revision of the dead letter was edited; reading the dead letter shows it");
    }
    if (payload != null && payloadBase64 != null) {
      throw new IllegalArgumentException(
          "The new payload is either payload or payloadBase64, not both");
    }
    Map<String, String> headers = headersJson == null ? null : headers(headersJson);
    if (payload != null) {
      return new DeadLetterEdit(revision, payload.getBytes(StandardCharsets.UTF_8), headers);
    }
    if (payloadBase64 != null) {
      return new DeadLetterEdit(revision, decoded(payloadBase64), headers);
    }
    if (headers == null) {
      throw new IllegalArgumentException(
          "An edit needs at least one of payload, payloadBase64 and headers");
    }
    return DeadLetterEdit.ofHeaders(revision, headers);
  }

  private static Map<String, String> headers(String json) {
    try {
      if (json.stripLeading().startsWith("{")) {
        Map<String, String> headers = HeadersJson.read(json);
        headers.forEach(
            (name, value) -> {
              text("headers", name);
              text("headers", value);
            });
        return headers;
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException("headers is not JSON: %s".formatted(JsonMistake.of(e)), e);
    }
    throw new IllegalArgumentException(
        "headers must be the text of a JSON object, was \"%s\"".formatted(json));
  }

  private static byte[] decoded(String payloadBase64) {
    try {
      return Base64.getDecoder().decode(payloadBase64);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "payloadBase64 is not Base64: %s".formatted(e.getMessage()), e);
    }
  }
}
