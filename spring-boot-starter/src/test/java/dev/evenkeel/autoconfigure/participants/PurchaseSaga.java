package dev.evenkeel.autoconfigure.participants;

import dev.evenkeel.autoconfigure.participants.Purchase.Charge;
import dev.evenkeel.autoconfigure.participants.Purchase.Charged;
import dev.evenkeel.autoconfigure.participants.Purchase.Pack;
import dev.evenkeel.autoconfigure.participants.Purchase.Packed;
import dev.evenkeel.autoconfigure.participants.Purchase.Send;
import dev.evenkeel.saga.Command;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StepKind;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/** Says what is to be done, and knows nothing of where. */
@Component
@Profile("shop")
@Saga(name = "purchase", version = 1, key = "id", shardKey = "account")
class PurchaseSaga implements SagaFor<Purchase> {

  private final Movements movements;

  PurchaseSaga(Movements movements) {
    this.movements = movements;
  }

  @SagaStep(
      after = {},
      participant = "ledger",
      compensation = SagaStep.DELEGATED)
  Command<Charged> charge(Purchase purchase) {
    return Command.of(new Charge(purchase.id(), purchase.account()));
  }

  @SagaStep(after = "charge", participant = "depot", compensation = SagaStep.DELEGATED)
  Command<Packed> pack(Purchase purchase) {
    return Command.of(new Pack(purchase.id(), purchase.shelf()));
  }

  @SagaStep(after = "pack", kind = StepKind.PIVOT)
  void book(Purchase purchase, Charged charged) {
    movements.add(purchase.id(), charged.account(), "booking");
  }

  @SagaStep(after = "book", kind = StepKind.RETRIABLE, participant = "depot")
  Command<Void> send(Purchase purchase, Packed packed) {
    return Command.of(new Send(packed.parcel(), purchase.id(), purchase.shelf()));
  }
}
