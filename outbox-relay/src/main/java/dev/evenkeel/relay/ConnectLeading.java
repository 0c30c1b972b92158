package dev.evenkeel.relay;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.util.List;

/** A term in which Kafka Connect relays. */
final class ConnectLeading implements Leading {

  ConnectLeading(
      Relay relay,
      RelayOptions options,
      Transport transport,
      MessageObserver observer,
      Term term) {}

  @Override
  public void run() {
    throw new UnfitException(List.of(RelayFinding.broken("not built yet", "choose another mode")));
  }

  @Override
  public int inFlight() {
    return 0;
  }
}
