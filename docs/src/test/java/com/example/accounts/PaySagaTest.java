package com.example.accounts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.definition.AnnotatedSaga;
import dev.evenkeel.saga.definition.StepDefinition;
import org.junit.jupiter.api.Test;

class PaySagaTest {

  @Test
  void definitionOnThePageIsUsable() {
    assertThat(AnnotatedSaga.of(new PaySaga(null), PaySaga.class).steps())
        .extracting(StepDefinition::name)
        .containsExactly("take", "give");
  }
}
