package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.evenkeel.outbox.spi.PayloadException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class JsonPayloadCodecTest {

  private record Placed(UUID id, BigDecimal total, Instant at) {
    private Placed {
      if (total.signum() < 0) {
        throw new IllegalArgumentException("total must not be negative");
      }
    }
  }

  /** Fails while it is written. */
  public static final class Broken {
    public String getText() {
      throw new UnsupportedOperationException("broken");
    }
  }

  private final JsonPayloadCodec codec = new JsonPayloadCodec(JsonMapper.builder().build());

  @Test
  void writesJsonThatReadsBack() {
    Placed placed =
        new Placed(new UUID(1, 2), new BigDecimal("10.50"), Instant.parse("2026-01-02T03:04:05Z"));

    byte[] payload = codec.encode(placed);

    assertThat(new String(payload, StandardCharsets.UTF_8)).startsWith("{").contains("10.50");
    assertThat(codec.decode(payload, Placed.class)).isEqualTo(placed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "null", "[]", "{", "{\"id\":7}", "{\"total\":-1}", "\u0000", "{} trailing"})
  void whatIsNotOfTheFormIsAPayloadException(String json) {
    assertThatExceptionOfType(PayloadException.class)
        .isThrownBy(() -> codec.decode(json.getBytes(StandardCharsets.UTF_8), Placed.class))
        .withMessageContaining(Placed.class.getName());
  }

  @Test
  void whatCantBeWrittenIsAPayloadException() {
    assertThatExceptionOfType(PayloadException.class)
        .isThrownBy(() -> codec.encode(new Broken()))
        .withMessageContaining(Broken.class.getName() + " can't be written as JSON");
  }
}
