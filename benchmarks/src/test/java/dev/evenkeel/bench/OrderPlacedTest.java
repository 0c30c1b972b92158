package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.JsonPayloadCodec;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class OrderPlacedTest {

  @Test
  void payloadHasSome200Bytes() {
    byte[] payload =
        new JsonPayloadCodec(JsonMapper.builder().build()).encode(OrderPlaced.of(123_456));

    assertThat(payload).hasSizeBetween(180, 220);
  }
}
