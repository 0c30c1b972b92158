package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoadTest {

  private static final Duration SHORT = Duration.ofMillis(20);

  @Test
  void everyCallOfEveryThreadCounts() throws Exception {
    AtomicLong calls = new AtomicLong();

    Load load = Load.run(4, SHORT, 10, calls::incrementAndGet);

    assertThat(load.calls()).isPositive().isEqualTo(calls.get());
    assertThat(load.checksum()).isEqualTo(calls.get() * (calls.get() + 1) / 2);
    assertThat(load.nanos()).isGreaterThanOrEqualTo(SHORT.toNanos());
  }

  @Test
  void ratesAreOfAllCallsOverAllTime() {
    Load load = new Load(300, 1_500_000_000L, 600_000, 0);

    assertThat(load.perSecond()).isEqualTo(200);
    assertThat(load.cpuMicros()).isEqualTo(2);
  }

  @Test
  void failureOfOneThreadFailsTheLoad() {
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                Load.run(
                    2,
                    SHORT,
                    1,
                    () -> {
                      throw new UnsupportedOperationException("no id");
                    }))
        .withMessageContaining("no id");
  }
}
