package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.transport.kafka.crash.Boundary.Side;

/**
 * Writes down what the relay sends and the transport acknowledges, and tells the tripwire.
 *
 * @param premature acknowledges at once, without the broker: what must never be
 */
record WatchedTransport(
    Transport inner, Journal journal, String node, PayloadCodec codec, boolean premature)
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
  public boolean receiversReadSource() {
    return inner.receiversReadSource();
  }

  @Override
  public Session open(Leadership leadership) {
    Session session = inner.open(leadership);
    return new Session() {
      @Override
      public void send(OutboxMessage message, Acknowledgement acknowledgement) {
        Counted event = codec.decode(message.payload(), Counted.class);
        journal.message(Journal.Kind.SENT, node, event);
        Tripwire.pass(Boundary.SEND, Side.BEFORE);
        session.send(message, new Watched(event, acknowledgement));
        Tripwire.pass(Boundary.SEND, Side.AFTER);
        if (premature) {
          acknowledgement.acknowledge();
        }
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }

  private final class Watched implements Acknowledgement {

    private final Counted event;
    private final Acknowledgement acknowledgement;

    Watched(Counted event, Acknowledgement acknowledgement) {
      this.event = event;
      this.acknowledgement = acknowledgement;
    }

    @Override
    public void acknowledge() {
      Tripwire.pass(Boundary.ACKNOWLEDGE, Side.BEFORE);
      journal.message(Journal.Kind.ACKNOWLEDGED, node, event);
      if (!premature) {
        acknowledgement.acknowledge();
      }
      Tripwire.pass(Boundary.ACKNOWLEDGE, Side.AFTER);
    }

    @Override
    public void fail(Throwable cause) {
      acknowledgement.fail(cause);
    }
  }
}
