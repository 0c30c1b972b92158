package dev.evenkeel.relay;

import org.junit.jupiter.api.Tag;

/** Handlers behind a relay that reads the WAL. */
@Tag("postgres-matrix")
class CdcConsumerContractIT extends RelayedConsumerContract {

  CdcConsumerContractIT() {
    super(RelayMode.CDC);
  }
}
