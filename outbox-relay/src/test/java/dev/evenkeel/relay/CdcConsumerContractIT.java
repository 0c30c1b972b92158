package dev.evenkeel.relay;

/** Handlers behind a relay that reads the WAL. */
class CdcConsumerContractIT extends RelayedConsumerContract {

  CdcConsumerContractIT() {
    super(RelayMode.CDC);
  }
}
