package dev.evenkeel.testing;

import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.spi.PayloadCodec;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

class JsonPayloadCodecContractTest extends PayloadCodecContract {

  private final JsonPayloadCodec codec = new JsonPayloadCodec(JsonMapper.shared());

  /** Contains itself. */
  public record Circle(List<Object> inside) {}

  @Override
  protected PayloadCodec codec() {
    return codec;
  }

  @Override
  protected Object unwritable() {
    List<Object> inside = new ArrayList<>();
    Circle circle = new Circle(inside);
    inside.add(circle);
    return circle;
  }
}
