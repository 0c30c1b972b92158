package dev.evenkeel.outbox;

import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Headers as the {@code headers} column holds them: one flat JSON object of strings. */
public final class HeadersJson {

  /** Stands for headers that can't be read. */
  static final String UNREADABLE = "unreadable-headers";

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private HeadersJson() {}

  /** The JSON text. */
  public static String write(Map<String, String> headers) {
    return headers.isEmpty() ? "{}" : MAPPER.writeValueAsString(headers);
  }

  /**
   * The headers of a stored JSON text, whatever hands wrote it: a row must not hold up its relay. A
   * JSONB may be nested deeper, and have longer numbers, than is read here; what can't be read is
   * one header, {@value #UNREADABLE}, which says why.
   */
  public static Map<String, String> stored(String json) {
    try {
      return read(json);
    } catch (JacksonException e) {
      return Map.of(UNREADABLE, JsonMistake.of(e));
    }
  }

  /**
   * The headers of a JSON text. What is no string is kept as its JSON text, and what is no object
   * has no headers: messages may come from other hands than the framework's.
   *
   * @throws JacksonException if it is no JSON
   */
  public static Map<String, String> read(String json) {
    if (json.equals("{}")) {
      return Map.of();
    }
    Map<String, String> headers = new HashMap<>();
    for (Map.Entry<String, JsonNode> property : MAPPER.readTree(json).properties()) {
      JsonNode value = property.getValue();
      headers.put(property.getKey(), value.isString() ? value.stringValue() : value.toString());
    }
    return headers;
  }
}
