package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class EightConsumersTest {

  @Test
  void orderCountsWhenAllItsConsumersHaveCommitted() {
    Progress progress = Progress.counting(10);
    EightConsumers consumers = new EightConsumers(progress, 2);

    for (int commit = 0; commit < 4; commit++) {
      consumers.handled("any", Duration.ZERO);
    }

    assertThatCode(() -> progress.await(2)).doesNotThrowAnyException();
    assertThat(consumers.handlers()).hasSize(2);
  }
}
