package dev.evenkeel.autoconfigure.sagas;

import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.StartedSaga;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/** Starts the saga, and is used by its steps. */
@Component
class Transfers {

  private final Sagas sagas;
  private final Outbox outbox;
  private final JdbcTemplate jdbc;

  Transfers(Sagas sagas, Outbox outbox, JdbcTemplate jdbc) {
    this.sagas = sagas;
    this.outbox = outbox;
    this.jdbc = jdbc;
  }

  /** Within a transaction on the shard of {@code from}. */
  StartedSaga start(Transfer transfer) {
    return sagas.start(transfer);
  }

  /** Within a transaction on any shard. */
  void request(TransferRequested request) {
    outbox.append(request);
  }

  void move(Transfer transfer, String account, String kind) {
    jdbc.update("INSERT INTO movement VALUES (?, ?, ?)", transfer.id(), account, kind);
  }

  void undo(Transfer transfer, String account, String kind) {
    jdbc.update(
        "DELETE FROM movement WHERE transfer = ? AND account = ? AND kind = ?",
        transfer.id(),
        account,
        kind);
  }

  void tell(Transfer transfer) {
    outbox.append(new TransferBooked(transfer.id()));
  }
}
