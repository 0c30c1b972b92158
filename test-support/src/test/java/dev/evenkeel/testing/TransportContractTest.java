package dev.evenkeel.testing;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Transport;

/** The contract can be kept: the smallest transport keeps it. */
class TransportContractTest extends TransportContract {

  private KeyQueueTransport transport;

  @Override
  protected Transport transport(Receiver receiver) {
    transport = new KeyQueueTransport(receiver);
    return transport;
  }

  @Override
  protected boolean isDurable(OutboxMessage message) {
    return transport.isDurable(message);
  }
}
