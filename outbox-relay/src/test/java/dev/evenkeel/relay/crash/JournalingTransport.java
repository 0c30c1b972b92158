package dev.evenkeel.relay.crash;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.Transport;

/**
 * Writes down what the relay sends. The handlers alone would not show a redelivery that the inbox
 * absorbs.
 */
record JournalingTransport(
    Transport inner, Journal journal, String node, PayloadCodec codec, Runnable sent)
    implements Transport {

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public boolean inProcess() {
    return inner.inProcess();
  }

  @Override
  public Session open(Leadership leadership) {
    Session session = inner.open(leadership);
    return new Session() {
      @Override
      public void send(OutboxMessage message, Acknowledgement acknowledgement) {
        Counted event = codec.decode(message.payload(), Counted.class);
        journal.message(Journal.Kind.SENT, node, message.id(), event);
        session.send(message, acknowledgement);
        sent.run();
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }
}
