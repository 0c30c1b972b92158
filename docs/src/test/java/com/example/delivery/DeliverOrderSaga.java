package com.example.delivery;

import dev.evenkeel.saga.Command;
import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StepKind;
import org.springframework.stereotype.Component;

record DeliverOrder(String orderId, String customerId, String sku, int pieces, int amount) {}

record ReservePieces(String orderId, String sku, int pieces) {}

record PiecesReserved(String shelf) {}

record Charged(String receipt) {}

class CardDeclined extends RuntimeException {}

class NotInStock extends RuntimeException {}

interface PaymentService {
  Charged charge(String key, int amount);

  void voidCharge(String key);
}

interface Shelves {
  PiecesReserved reserve(ReservePieces command);

  void putBack(ReservePieces command, PiecesReserved reserved);
}

@Component
@Saga(
    name = "deliver-order",
    version = 1,
    key = "orderId",
    shardKey = "customerId",
    deadline = "PT1H")
class DeliverOrderSaga implements SagaFor<DeliverOrder> {

  private final PaymentService payments;

  DeliverOrderSaga(PaymentService payments) {
    this.payments = payments;
  }

  @SagaStep(
      after = {},
      participant = "warehouse",
      compensation = SagaStep.DELEGATED)
  Command<PiecesReserved> reserve(DeliverOrder order) {
    return Command.of(new ReservePieces(order.orderId(), order.sku(), order.pieces()));
  }

  @SagaStep(
      after = "reserve",
      external = true,
      timeout = "PT10S",
      compensation = "voidCharge",
      retry = @Retry(noRetryFor = CardDeclined.class))
  Charged charge(DeliverOrder order, IdempotencyKey key) {
    return payments.charge(key.value(), order.amount());
  }

  void voidCharge(IdempotencyKey key) {
    payments.voidCharge(key.value());
  }

  @SagaStep(after = "charge", kind = StepKind.PIVOT)
  void confirm(DeliverOrder order, PiecesReserved reserved, Charged charged) {}
}

@Component
@SagaParticipant("warehouse")
class Warehouse {

  private final Shelves shelves;

  Warehouse(Shelves shelves) {
    this.shelves = shelves;
  }

  @CommandHandler(shardKey = "sku", compensation = "putBack", refusals = NotInStock.class)
  PiecesReserved reserve(ReservePieces command) {
    return shelves.reserve(command);
  }

  void putBack(ReservePieces command, PiecesReserved reserved) {
    shelves.putBack(command, reserved);
  }
}
