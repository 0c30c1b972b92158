package dev.evenkeel.shard.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WarningThrottleTest {

  private long now = -5_000_000_000L; // monotonic clocks may start anywhere

  private final WarningThrottle throttle =
      new WarningThrottle(2, Duration.ofSeconds(60), () -> now);

  private void pass(int seconds) {
    now += seconds * 1_000_000_000L;
  }

  @Test
  void sameWarningComesOncePerInterval() {
    assertThat(throttle.admits("a")).isTrue();
    assertThat(throttle.admits("a")).isFalse();
    assertThat(throttle.admits("b")).isTrue();

    pass(59);
    assertThat(throttle.admits("a")).isFalse();

    pass(1);
    assertThat(throttle.admits("a")).isTrue();
    assertThat(throttle.admits("a")).isFalse();
  }

  @Test
  void newWarningsWaitWhileAllThatAreRememberedAreYoung() {
    throttle.admits("a");
    pass(30);
    throttle.admits("b");

    assertThat(throttle.admits("c")).isFalse();

    pass(30);
    assertThat(throttle.admits("c")).isTrue(); // in place of a
    assertThat(throttle.admits("d")).isFalse();
    assertThat(throttle.admits("b")).isFalse();
  }

  @Test
  void repeatedWarningIsTheYoungest() {
    throttle.admits("a");
    pass(30);
    throttle.admits("b");
    pass(40);
    throttle.admits("a");

    pass(20);
    assertThat(throttle.admits("c")).isTrue(); // in place of b
    assertThat(throttle.admits("a")).isFalse();
  }
}
