package dev.evenkeel.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProgressTest {

  private final Progress progress = new Progress(10);

  @Test
  void orderThatIsHandedOverTwiceCountsOnce() {
    progress.handled(4_711);
    progress.handled(4_711);

    assertThat(progress.count()).isEqualTo(1);
  }

  @Test
  void delayEndsWithTheFirstDelivery() {
    progress.committing(3);
    progress.delivered(3);
    progress.handled(3);

    assertThat(progress.delays().getTotalCount()).isEqualTo(1);
    assertThat(progress.count()).isEqualTo(1);
  }

  @Test
  void ordersThatAreNotTimedHaveNoDelay() {
    progress.handled(10);

    assertThat(progress.delays().getTotalCount()).isZero();
  }
}
