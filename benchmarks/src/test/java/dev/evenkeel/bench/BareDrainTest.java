package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BareDrainTest {

  private final Results results = new Results();

  @Test
  void referenceAtHalfOfTheRawStreamIsOne() {
    new BareDrain(70_000, 35_000).judge(results);

    assertThat(results.invalid()).isEmpty();
  }

  @Test
  void slowerReferenceMakesTheRunInvalid() {
    new BareDrain(70_000, 34_000).judge(results);

    assertThat(results.invalid())
        .containsExactly(
            "the bare reference drained 34000 rows/s, less than half of the raw stream's 70000");
  }
}
