package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.OutboxMessage;
import org.junit.jupiter.api.Test;

class InFlightTest {

  private static final StreamPosition SOMEWHERE = new StreamPosition(null);

  private final InFlight inFlight = new InFlight(2, 1 << 20);

  @Test
  void entriesComeOutInOrderHoweverTheyAreAcknowledged() {
    InFlight.Entry first = inFlight.add(message(1), SOMEWHERE);
    InFlight.Entry second = inFlight.add(message(1), SOMEWHERE);

    second.acknowledge();
    assertThat(inFlight.pollAcknowledged())
        .as("what is confirmed is acknowledged without a gap")
        .isNull();
    first.acknowledge();
    assertThat(inFlight.pollAcknowledged()).isSameAs(first);
    assertThat(inFlight.pollAcknowledged()).isSameAs(second);
    assertThat(inFlight.isEmpty()).isTrue();
  }

  @Test
  void heartbeatsNeitherPileUpNorTakeTheRoomOfMessages() {
    InFlight.Entry first = inFlight.add(message(1), SOMEWHERE);
    for (int n = 1; n <= 10_000; n++) {
      inFlight.add(beat(n), SOMEWHERE);
    }
    assertThat(inFlight.messages()).isOne();
    assertThat(inFlight.hasRoomFor(message(1_000_000))).isTrue();

    first.acknowledge();
    assertThat(inFlight.pollAcknowledged()).isSameAs(first);
    InFlight.Entry newest = inFlight.pollAcknowledged();
    assertThat(newest.heartbeat().snapshot().xmin()).isEqualTo(10_000);
    assertThat(inFlight.isEmpty()).isTrue();
  }

  @Test
  void heartbeatWaitsForTheMessagesBeforeIt() {
    InFlight.Entry first = inFlight.add(message(1), SOMEWHERE);
    inFlight.add(beat(1), SOMEWHERE);
    InFlight.Entry second = inFlight.add(message(1), SOMEWHERE);
    inFlight.add(beat(2), SOMEWHERE);

    second.acknowledge();
    assertThat(inFlight.pollAcknowledged()).isNull();
    first.acknowledge();
    assertThat(inFlight.pollAcknowledged()).isSameAs(first);
    assertThat(inFlight.pollAcknowledged().heartbeat().snapshot().xmin()).isEqualTo(1);
    assertThat(inFlight.pollAcknowledged()).isSameAs(second);
    assertThat(inFlight.pollAcknowledged().heartbeat().snapshot().xmin()).isEqualTo(2);
  }

  @Test
  void messagesAreBoundedByCountAndBytes() {
    assertThat(inFlight.hasRoomFor(message(1))).isTrue();
    inFlight.add(message(1), SOMEWHERE);
    assertThat(inFlight.hasRoomFor(message(1 << 20))).isFalse();
    assertThat(inFlight.hasRoomFor(message(1))).isTrue();
    inFlight.add(message(1), SOMEWHERE);
    assertThat(inFlight.hasRoomFor(message(1))).isFalse();
  }

  @Test
  void messageAboveTheBytesPassesAlone() {
    assertThat(inFlight.hasRoomFor(message(2 << 20))).isTrue();
  }

  @Test
  void failureIsSeen() {
    InFlight.Entry entry = inFlight.add(message(1), SOMEWHERE);
    assertThat(inFlight.failure()).isNull();
    IllegalStateException cause = new IllegalStateException("a test");
    entry.fail(cause);
    assertThat(inFlight.failure()).isSameAs(cause);
  }

  private static Heartbeat beat(long xmin) {
    return new Heartbeat(PgSnapshot.parse(xmin + ":" + xmin + ":"), "now", "1.1");
  }

  private static OutboxMessage message(int bytes) {
    return OutboxMessage.of("counted", 1, "counter", "k", new byte[bytes]);
  }
}
