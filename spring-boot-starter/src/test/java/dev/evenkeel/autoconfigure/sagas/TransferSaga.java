package dev.evenkeel.autoconfigure.sagas;

import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StartSaga;
import dev.evenkeel.saga.StepKind;
import org.springframework.stereotype.Component;

/** Each step on the shard of its account. */
@Component
@Saga(name = "transfer", version = 1, key = "id", shardKey = "from")
class TransferSaga implements SagaFor<Transfer> {

  /** To such an account nothing is credited. */
  static final String CLOSED = "closed";

  /** On such an account the last step fails for ever. */
  static final String MUTE = "mute";

  private final Transfers transfers;

  TransferSaga(Transfers transfers) {
    this.transfers = transfers;
  }

  @StartSaga(on = TransferRequested.class)
  Transfer from(TransferRequested request) {
    return new Transfer(request.id(), request.from(), request.to(), request.auditor());
  }

  @SagaStep(
      after = {},
      shardKey = "from",
      compensation = "giveBack")
  void debit(Transfer transfer) {
    transfers.move(transfer, transfer.from(), "debit");
  }

  void giveBack(Transfer transfer) {
    transfers.undo(transfer, transfer.from(), "debit");
  }

  @SagaStep(
      after = "debit",
      shardKey = "to",
      compensation = "takeBack",
      retry = @Retry(noRetryFor = AccountClosed.class))
  void credit(Transfer transfer) {
    if (transfer.to().startsWith(CLOSED)) {
      throw new AccountClosed(transfer.to());
    }
    transfers.move(transfer, transfer.to(), "credit");
  }

  void takeBack(Transfer transfer) {
    transfers.undo(transfer, transfer.to(), "credit");
  }

  @SagaStep(after = "credit", kind = StepKind.PIVOT, shardKey = "auditor")
  void book(Transfer transfer) {
    transfers.move(transfer, transfer.auditor(), "booking");
    transfers.tell(transfer);
  }

  @SagaStep(after = "book", kind = StepKind.RETRIABLE)
  void tell(Transfer transfer) {
    if (transfer.auditor().startsWith(MUTE)) {
      throw new IllegalStateException("nobody listens");
    }
    transfers.move(transfer, transfer.from(), "told");
  }
}
