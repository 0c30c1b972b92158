package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.PayloadException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The default codec: JSON by Jackson. Its errors say where a payload is wrong, and nothing of what
 * it holds. Thread-safe.
 */
public final class JsonPayloadCodec implements PayloadCodec {

  private final JsonMapper mapper;

  /**
   * Makes a codec of a mapper, whose settings decide the form.
   *
   * @param mapper usually the application's own
   */
  public JsonPayloadCodec(JsonMapper mapper) {
    this.mapper = mapper;
  }

  @Override
  public byte[] encode(Object event) {
    try {
      return mapper.writeValueAsBytes(event);
    } catch (JacksonException e) {
      throw new PayloadException(
          event.getClass().getName() + " can't be written as JSON: " + JsonMistake.of(e), e);
    }
  }

  @Override
  public <T> T decode(byte[] payload, Class<T> type) {
    try {
      T value = mapper.readValue(payload, type);
      if (value == null) {
        throw new PayloadException("payload is JSON null, not a " + type.getName(), null);
      }
      return value;
    } catch (JacksonException e) {
      throw new PayloadException(
          "payload is not a " + type.getName() + ": " + JsonMistake.of(e), e);
    }
  }
}
