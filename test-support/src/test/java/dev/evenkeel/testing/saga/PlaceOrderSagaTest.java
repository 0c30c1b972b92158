package dev.evenkeel.testing.saga;

import static org.assertj.core.api.Assertions.assertThat;

/** The saga without bugs; the six with one are in {@link PlantedBugsTest}. */
class PlaceOrderSagaTest {

  @SagaTest(PlaceOrderScenario.class)
  void isWholeOrNotAtAll(SagaOutcome end) {
    assertThat(end.isEnded()).isTrue();
  }
}
