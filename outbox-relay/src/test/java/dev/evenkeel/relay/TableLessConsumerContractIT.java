package dev.evenkeel.relay;

import dev.evenkeel.outbox.OutboxStorage;
import org.junit.jupiter.api.Tag;

/** Handlers behind a relay that reads the WAL, of messages that are in no table. */
@Tag("postgres-matrix")
class TableLessConsumerContractIT extends RelayedConsumerContract {

  TableLessConsumerContractIT() {
    super(RelayMode.CDC, OutboxStorage.WAL);
  }
}
