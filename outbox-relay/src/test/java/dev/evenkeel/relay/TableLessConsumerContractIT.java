package dev.evenkeel.relay;

import dev.evenkeel.outbox.OutboxStorage;

/** Handlers behind a relay that reads the WAL, of messages that are in no table. */
class TableLessConsumerContractIT extends RelayedConsumerContract {

  TableLessConsumerContractIT() {
    super(RelayMode.CDC, OutboxStorage.WAL);
  }
}
