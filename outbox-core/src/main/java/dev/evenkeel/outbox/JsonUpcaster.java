package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.Upcaster;
import java.util.function.UnaryOperator;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * An upcaster of payloads that are JSON objects. Numbers keep each digit. Thread-safe if its change
 * is.
 *
 * <pre>{@code
 * @Bean
 * Upcaster orderPlacedFrom1() {
 *   return JsonUpcaster.of("order-placed", 1, event -> event.put("currency", "EUR"));
 * }
 * }</pre>
 */
public final class JsonUpcaster implements Upcaster {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private final String type;
  private final int fromVersion;
  private final UnaryOperator<ObjectNode> change;

  private JsonUpcaster(String type, int fromVersion, UnaryOperator<ObjectNode> change) {
    this.type = type;
    this.fromVersion = fromVersion;
    this.change = change;
  }

  /**
   * Makes an upcaster.
   *
   * @param type logical name of the type
   * @param fromVersion the version it reads, from 1
   * @param change given the object, which it may change; returns that of the next version
   */
  public static JsonUpcaster of(String type, int fromVersion, UnaryOperator<ObjectNode> change) {
    return new JsonUpcaster(type, fromVersion, change);
  }

  @Override
  public String type() {
    return type;
  }

  @Override
  public int fromVersion() {
    return fromVersion;
  }

  @Override
  public byte[] upcast(byte[] payload) {
    try {
      JsonNode node = MAPPER.readTree(payload);
      if (!(node instanceof ObjectNode object)) {
        throw new PayloadException("payload is JSON, but no object", null);
      }
      return MAPPER.writeValueAsBytes(change.apply(object));
    } catch (JacksonException e) {
      throw new PayloadException("payload is no JSON: " + JsonMistake.of(e), e);
    }
  }
}
