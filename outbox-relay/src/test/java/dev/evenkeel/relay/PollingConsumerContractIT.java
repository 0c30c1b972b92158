package dev.evenkeel.relay;

import org.junit.jupiter.api.Tag;

/** Handlers behind a relay that polls. */
@Tag("postgres-matrix")
class PollingConsumerContractIT extends RelayedConsumerContract {

  PollingConsumerContractIT() {
    super(RelayMode.POLLING);
  }
}
