package dev.evenkeel.autoconfigure.participants;

import dev.evenkeel.autoconfigure.participants.Purchase.Pack;
import dev.evenkeel.autoconfigure.participants.Purchase.Packed;
import dev.evenkeel.autoconfigure.participants.Purchase.Send;
import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.SagaParticipant;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** A participant behind a proxy. */
@Component
@Profile("services")
@SagaParticipant("depot")
@Transactional(propagation = Propagation.MANDATORY)
class Depot {

  /** From such a shelf nothing is packed. */
  static final String EMPTY = "empty";

  /** A business refusal. */
  static final class ShelfEmpty extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ShelfEmpty(String shelf) {
      super(shelf + " is empty");
    }
  }

  private final Movements movements;

  Depot(Movements movements) {
    this.movements = movements;
  }

  @CommandHandler(shardKey = "shelf", compensation = "unpack", refusals = ShelfEmpty.class)
  public Packed pack(Pack command) {
    if (command.shelf().startsWith(EMPTY)) {
      throw new ShelfEmpty(command.shelf());
    }
    movements.add(command.id(), command.shelf(), "pack");
    return new Packed("parcel of " + command.id());
  }

  /** Undoes {@link #pack}. */
  public void unpack(Pack command) {
    movements.remove(command.id(), command.shelf(), "pack");
  }

  /** Past the pivot. */
  @CommandHandler(shardKey = "shelf")
  public void send(Send command) {
    movements.add(command.id(), command.shelf(), "sent " + command.parcel());
  }
}
