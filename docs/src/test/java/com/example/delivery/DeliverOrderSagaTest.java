package com.example.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.SagaParticipants;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.AnnotatedSaga;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeliverOrderSagaTest {

  @Test
  void isASagaWithAParticipantAndAnExternalCall() {
    PaymentService payments =
        new PaymentService() {
          @Override
          public Charged charge(String key, int amount) {
            return new Charged(key);
          }

          @Override
          public void voidCharge(String key) {}
        };
    SagaDefinition saga = AnnotatedSaga.of(new DeliverOrderSaga(payments), DeliverOrderSaga.class);
    Shelves shelves =
        new Shelves() {
          @Override
          public PiecesReserved reserve(ReservePieces command) {
            return new PiecesReserved("A1");
          }

          @Override
          public void putBack(ReservePieces command, PiecesReserved reserved) {}
        };
    SagaParticipants participants =
        SagaParticipants.of(
            List.of(new SagaParticipants.Bean(new Warehouse(shelves), Warehouse.class)));

    assertThat(((ActionStep) saga.step("reserve")).participant()).isEqualTo("warehouse");
    assertThat(((ActionStep) saga.step("charge")).isExternal()).isTrue();
    assertThat(participants.names()).containsExactly("warehouse");
  }
}
