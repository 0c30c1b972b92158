package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogicalMessageTest {

  private static final long XID = (7L << 32) + 4_000_000_000L;
  private static final Instant NOW = Instant.parse("2026-03-01T12:34:56.789012Z");

  private static final OutboxMessage MESSAGE =
      OutboxMessage.of(
              "order-placed", 3, "ordér", "größe-🙂", "{\"n\":1}".getBytes(StandardCharsets.UTF_8))
          .withHeaders(Map.of("tenant", "ü", "empty", ""));

  /** As the server puts it together. */
  static byte[] content(OutboxMessage message) {
    byte[] body = LogicalMessage.body(message);
    return ByteBuffer.allocate(17 + body.length)
        .put((byte) LogicalMessage.FORMAT)
        .putLong(XID)
        .putLong(ChronoUnit.MICROS.between(Instant.EPOCH, NOW))
        .put(body)
        .array();
  }

  private static OutboxMessage with(String key, Map<String, String> headers) {
    return new OutboxMessage(
        MESSAGE.id(), "order", key, "order-placed", 1, new byte[0], headers, NOW);
  }

  @Test
  void whatIsReadIsWhatWasWritten() {
    LogicalMessage read = LogicalMessage.read(content(MESSAGE));

    assertThat(read).isNotNull();
    assertThat(read.xid()).isEqualTo(XID);
    assertThat(read.message())
        .usingRecursiveComparison()
        .ignoringFields("createdAt")
        .isEqualTo(MESSAGE);
    assertThat(read.message().createdAt()).isEqualTo(NOW);
  }

  @Test
  void emptyPayloadAndNoHeadersComeBack() {
    LogicalMessage read = LogicalMessage.read(content(with("1", Map.of())));

    assertThat(read).isNotNull();
    assertThat(read.message().payload()).isEmpty();
    assertThat(read.message().headers()).isEmpty();
  }

  @Test
  void cutContentIsNoMessage() {
    byte[] content = content(with("1", Map.of("a", "b")));
    for (int length = 0; length < content.length; length++) {
      assertThat(LogicalMessage.read(Arrays.copyOf(content, length)))
          .as("%d bytes", length)
          .isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 9})
  void otherFormatTransactionOrTimeIsNoMessage(int at) {
    byte[] content = content(MESSAGE);
    content[at] = (byte) 0x80; // the format, a negative transaction id, a time before 1970
    assertThat(LogicalMessage.read(content)).isNull();
  }

  @Test
  void whatNobodyCouldParkIsNoMessage() {
    assertThat(LogicalMessage.read(content(with("\0", Map.of())))).isNull();
    assertThat(LogicalMessage.read(content(with("1", Map.of("a", "\0"))))).isNull();
    assertThat(LogicalMessage.read(content(with(" ", Map.of())))).isNull();
    assertThat(LogicalMessage.read(content(with("x".repeat(OrderKey.MAX_BYTES), Map.of()))))
        .isNull();
  }

  @Test
  void characterZeroIsRefusedWhereNoTableWouldRefuseIt() {
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> LogicalMessage.requireStorable(with("1", Map.of("a\0", "b"))))
        .withMessageContaining("must not contain the character 0");
    LogicalMessage.requireStorable(MESSAGE);
  }
}
