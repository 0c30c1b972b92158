package dev.evenkeel.autoconfigure.security;

import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StepKind;
import org.springframework.stereotype.Component;

/** Ends well, is refused, runs out of attempts, or is stuck behind its pivot; by the id. */
@Component
@Saga(name = "charge", version = 1, key = "id", shardKey = "id")
class ChargeSaga implements SagaFor<Charge> {

  static final String REFUSED = "refused";
  static final String EXHAUSTED = "exhausted";
  static final String STUCK = "stuck";

  private final Cards cards;

  ChargeSaga(Cards cards) {
    this.cards = cards;
  }

  /** What a step remembers. */
  record Reserved(String number) {}

  static final class Refused extends RuntimeException {

    private static final long serialVersionUID = 1L;

    Refused() {
      super("the card is blocked");
    }
  }

  @SagaStep(
      after = {},
      compensation = "release")
  Reserved reserve(Charge charge) {
    cards.add("saga " + charge.id() + " " + charge.number());
    return new Reserved(charge.number());
  }

  void release(Charge charge, Reserved reserved) {
    cards.remove("saga " + charge.id() + " " + reserved.number());
  }

  @SagaStep(
      after = "reserve",
      compensation = "undo",
      retry = @Retry(maxAttempts = 2, backoff = "PT0.05S", noRetryFor = Refused.class))
  void check(Charge charge, Reserved reserved) {
    if (charge.id().equals(REFUSED)) {
      throw new Refused();
    }
    if (charge.id().equals(EXHAUSTED)) {
      cards.addTwice(reserved.number());
    }
  }

  void undo(Charge charge) {}

  @SagaStep(after = "check", kind = StepKind.PIVOT)
  void decide(Charge charge) {}

  @SagaStep(after = "decide", kind = StepKind.RETRIABLE)
  void tell(Charge charge) {
    if (charge.id().equals(STUCK)) {
      cards.refuseNumber(charge.number());
    }
  }
}
