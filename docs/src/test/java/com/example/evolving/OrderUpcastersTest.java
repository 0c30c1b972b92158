package com.example.evolving;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.JsonPayloadCodec;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class OrderUpcastersTest {

  @Test
  void firstVersionIsReadAsTheThird() {
    OrderUpcasters upcasters = new OrderUpcasters();
    byte[] first = "{\"orderId\":\"7\",\"total\":1205}".getBytes(UTF_8);

    byte[] third = upcasters.orderPlacedFrom2().upcast(upcasters.orderPlacedFrom1().upcast(first));

    assertThat(new JsonPayloadCodec(JsonMapper.shared()).decode(third, OrderPlaced.class))
        .isEqualTo(new OrderPlaced("7", "12.05", "EUR"));
  }
}
