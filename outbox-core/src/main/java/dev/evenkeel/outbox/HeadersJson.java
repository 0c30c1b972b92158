package dev.evenkeel.outbox;

import java.util.Map;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Headers as the {@code headers} column holds them: one flat JSON object of strings. */
public final class HeadersJson {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final TypeReference<Map<String, String>> STRINGS = new TypeReference<>() {};

  private HeadersJson() {}

  /** The JSON text. */
  public static String write(Map<String, String> headers) {
    return headers.isEmpty() ? "{}" : MAPPER.writeValueAsString(headers);
  }

  /** The headers of a JSON text. */
  public static Map<String, String> read(String json) {
    return json.equals("{}") ? Map.of() : MAPPER.readValue(json, STRINGS);
  }
}
