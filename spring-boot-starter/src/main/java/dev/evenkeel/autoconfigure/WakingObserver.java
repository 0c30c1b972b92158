package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.relay.RelayGroup;
import org.jspecify.annotations.Nullable;

/**
 * Tells this process's relays that something was appended, for those that poll. The transaction is
 * about to commit then; a relay that looks too early looks again after its shortest pause.
 */
final class WakingObserver implements MessageObserver {

  private volatile @Nullable RelayGroup relays;

  /** From here on these are told. */
  void wakes(RelayGroup group) {
    relays = group;
  }

  @Override
  public void appended(int messages) {
    RelayGroup group = relays;
    if (group != null) {
      group.wake();
    }
  }
}
