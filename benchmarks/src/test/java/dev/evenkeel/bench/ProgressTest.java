package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProgressTest {

  @Test
  void redeliveredOrderCountsOnce() {
    Progress progress = Progress.counting(200);

    assertThat(progress.delivered(64)).isTrue();
    assertThat(progress.delivered(64)).isFalse();
    assertThat(progress.delivered(0)).isTrue();
  }

  @Test
  void warmUpIsNotMeasured() {
    Progress progress = Progress.timing(10, 5);
    for (int order = 0; order < 10; order++) {
      progress.committing(order);
      progress.deliveredAndHandled(order);
    }
    progress.await(10);

    assertThat(progress.delays().getTotalCount()).isEqualTo(5);
  }
}
