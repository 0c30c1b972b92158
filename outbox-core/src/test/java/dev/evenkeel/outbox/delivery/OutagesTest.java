package dev.evenkeel.outbox.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OutagesTest {

  private static final Exception AWAY = new IllegalStateException("away");

  private final Outages outages = new Outages();

  @Test
  void databaseThatAnswersMayBeTriedByAll() {
    assertThat(outages.mayTry("a")).isTrue();
    assertThat(outages.mayTry("a")).isTrue();
    assertThat(outages.lasting("a")).isZero();
  }

  @Test
  void databaseThatIsAwayIsProbedByOneAtATime() {
    outages.failed("a", AWAY);

    assertThat(outages.mayTry("a")).isFalse();
    assertThat(outages.lasting("a")).isPositive();
    await()
        .atLeast(Outages.PROBE.dividedBy(2))
        .atMost(Outages.PROBE.multipliedBy(4))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> outages.mayTry("a"));
    assertThat(IntStream.range(0, 10).anyMatch(n -> outages.mayTry("a"))).isFalse();
  }

  @Test
  void outageLastsFromItsFirstFailure() {
    outages.failed("a", AWAY);
    await().until(() -> outages.lasting("a").toMillis() >= 20);

    outages.failed("a", AWAY);

    assertThat(outages.lasting("a")).isGreaterThanOrEqualTo(Duration.ofMillis(20));
  }

  @Test
  void answerEndsTheOutage() {
    outages.failed("a", AWAY);
    outages.answered("a");

    assertThat(outages.mayTry("a")).isTrue();
    assertThat(outages.lasting("a")).isZero();
  }

  @Test
  void databasesAreIndependent() {
    outages.failed("a", AWAY);

    assertThat(outages.mayTry("b")).isTrue();
    assertThat(outages.lasting("b")).isZero();
    outages.answered("b");
    assertThat(outages.mayTry("a")).isFalse();
  }
}
