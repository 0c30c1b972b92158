package dev.evenkeel.autoconfigure.participants;

import dev.evenkeel.autoconfigure.participants.Purchase.Charge;
import dev.evenkeel.autoconfigure.participants.Purchase.Charged;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.saga.Sagas;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/** A participant that needs what needs the participants: the outbox, and sagas where there are. */
@Component
@Profile("services")
@SagaParticipant("ledger")
class Ledger {

  private final Movements movements;

  Ledger(Movements movements, Outbox outbox, ObjectProvider<Sagas> sagas) {
    this.movements = movements;
    Objects.requireNonNull(outbox);
    sagas.ifAvailable(Objects::requireNonNull); // made, if it can be
  }

  @CommandHandler(shardKey = "account", compensation = "giveBack")
  Charged charge(Charge command) {
    movements.add(command.id(), command.account(), "charge");
    return new Charged(command.account());
  }

  void giveBack(Charge command, Charged charged) {
    movements.remove(command.id(), charged.account(), "charge");
  }
}
