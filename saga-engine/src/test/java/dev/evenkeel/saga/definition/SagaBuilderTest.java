package dev.evenkeel.saga.definition;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SagaBuilderTest {

  @Test
  void stepsComeInTopologicalOrder() {
    SagaDefinition definition = PlaceOrderExample.builder().build();
    assertThat(definition.steps())
        .extracting(StepDefinition::name)
        .containsExactly("reserveCredit", "reserveStock", "approval", "confirm", "ship");
  }
}
