package dev.evenkeel.saga;

import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.PayloadException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes what sagas store. The application's own types go through its codec; the framework's are
 * JSON for the eye. Thread-safe.
 */
final class SagaCodec {

  private static final JsonMapper JSON = JsonMapper.builder().findAndAddModules().build();

  private final PayloadCodec codec;
  private final int maxBytes;

  SagaCodec(PayloadCodec codec, int maxBytes) {
    this.codec = codec;
    this.maxBytes = maxBytes;
  }

  PayloadCodec payloads() {
    return codec;
  }

  /**
   * Encodes; nothing for null.
   *
   * @param what it is, for errors
   * @throws SagaPayloadException if it can't be written or is too large
   */
  byte @Nullable [] encode(@Nullable Object value, String what) {
    if (value == null) {
      return null;
    }
    byte[] payload;
    try {
      payload = codec.encode(value);
    } catch (PayloadException e) {
      throw new SagaPayloadException("%s can't be written: %s".formatted(what, e.getMessage()), e);
    }
    if (payload.length > maxBytes) {
      throw new SagaPayloadException(
          "%s has %d bytes; evenkeel.saga.max-payload allows %d"
              .formatted(what, payload.length, maxBytes));
    }
    return payload;
  }

  /** What a step returned, as every later owner reads it. */
  @Nullable Object result(byte @Nullable [] payload, Class<?> type) {
    return payload == null || type == Void.class || type == void.class
        ? null
        : codec.decode(payload, type);
  }

  /** A failure in its column. */
  static @Nullable String text(@Nullable SagaFailure failure) {
    return failure == null ? null : JSON.writeValueAsString(failure);
  }

  /** A failure from its column. */
  static @Nullable SagaFailure failure(@Nullable String text) {
    return text == null ? null : JSON.readValue(text, SagaFailure.class);
  }

  byte[] encodeFailure(SagaFailure failure) {
    return JSON.writeValueAsBytes(failure);
  }

  /** A failure from a step's row; null when it tells none. */
  @Nullable SagaFailure failure(byte @Nullable [] payload) {
    try {
      return payload == null
          ? null
          : JSON.readValue(new String(payload, StandardCharsets.UTF_8), SagaFailure.class);
    } catch (JacksonException e) {
      return null;
    }
  }
}
