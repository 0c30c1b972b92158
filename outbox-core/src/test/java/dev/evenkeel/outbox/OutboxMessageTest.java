package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class OutboxMessageTest {

  private static final byte[] PAYLOAD = {1};

  @Test
  void aNewMessageCarriesItsInstantInItsId() {
    OutboxMessage message = OutboxMessage.of("order-placed", 1, "order", "7", PAYLOAD);

    assertThat(message.id().version()).isEqualTo(7);
    assertThat(MessageIds.instantOf(message.id()).orElseThrow())
        .isCloseTo(message.createdAt(), within(1, ChronoUnit.SECONDS));
    assertThat(message.headers()).isEmpty();
    assertThat(message.orderKey()).hasToString("order/7");
    assertThat(message).hasToString("order-placed v1 " + message.id() + " of order/7");
  }

  @Test
  void anIdThatIsNotVersionSevenCarriesNoInstant() {
    assertThat(MessageIds.instantOf(UUID.fromString("3f333df6-90a4-4fda-8dd3-9485d27cee36")))
        .isEmpty();
  }

  @Test
  void whatOtherHandsWroteIsTakenAsItIs() {
    assertThat(OutboxMessage.of("", 0, " ", " ", PAYLOAD).orderKey())
        .isEqualTo(new OrderKey(" ", " "));
    assertThatNullPointerException()
        .isThrownBy(() -> OutboxMessage.of("order-placed", 1, "order", null, PAYLOAD));
    assertThatNullPointerException()
        .isThrownBy(() -> OutboxMessage.of("order-placed", 1, "order", "7", null));
  }

  @Test
  void messagesAreTheSameWhenTheirIdsAre() {
    OutboxMessage message = OutboxMessage.of("order-placed", 1, "order", "7", PAYLOAD);

    assertThat(message.withHeaders(Map.of("a", "b"))).isEqualTo(message).hasSameHashCodeAs(message);
    assertThat(OutboxMessage.of("order-placed", 1, "order", "7", PAYLOAD)).isNotEqualTo(message);
  }

  @Test
  void headersAreCopied() {
    Map<String, String> headers = new HashMap<>(Map.of("a", "b"));
    OutboxMessage message =
        OutboxMessage.of("order-placed", 1, "order", "7", PAYLOAD).withHeaders(headers);

    headers.clear();

    assertThat(message.headers()).containsExactly(Map.entry("a", "b"));
  }

  @Test
  void aMessageHasOneInboxBucketForEver() {
    InboxBucket ring = new InboxBucket(16, 86_400);
    Instant day = Instant.parse("2026-03-01T12:00:00Z");
    OutboxMessage foreign =
        new OutboxMessage(new UUID(1, 2), "order", "7", "t", 1, PAYLOAD, Map.of(), day);
    OutboxMessage own = OutboxMessage.of("t", 1, "order", "7", PAYLOAD);

    assertThat(ring.of(foreign)).isEqualTo((int) (day.getEpochSecond() / 86_400 % 16));
    // The id's own instant decides, whatever the wire says.
    assertThat(ring.of(at(own, own.createdAt().minus(Duration.ofDays(3))))).isEqualTo(ring.of(own));
  }

  private static OutboxMessage at(OutboxMessage m, Instant createdAt) {
    return new OutboxMessage(
        m.id(),
        m.aggregateType(),
        m.aggregateId(),
        m.type(),
        m.version(),
        m.payload(),
        m.headers(),
        createdAt);
  }

  @Test
  void keyThatNoIndexHoldsDoesNotFit() {
    assertThat(new OrderKey("order", "x".repeat(1_995)).fits()).isTrue();
    assertThat(new OrderKey("order", "x".repeat(1_996)).fits()).isFalse();
    assertThat(new OrderKey("order", "\u20ac".repeat(666)).fits()).isFalse();
  }
}
