package dev.evenkeel.outbox;

import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Headers as the {@code headers} column holds them: one flat JSON object of strings. */
public final class HeadersJson {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private HeadersJson() {}

  /** The JSON text. */
  public static String write(Map<String, String> headers) {
    return headers.isEmpty() ? "{}" : MAPPER.writeValueAsString(headers);
  }

  /**
   * The headers of a JSON text. What is no string is kept as its JSON text, and what is no object
   * has no headers: rows may come from other hands than the framework's.
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
