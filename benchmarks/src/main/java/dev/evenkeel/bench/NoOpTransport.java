package dev.evenkeel.bench;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.Transport;
import java.util.function.LongConsumer;

/**
 * Acknowledges at once: at least once, without an inbox. It counts as in-process, so that the relay
 * waits for each transaction to be visible, as it does for handlers.
 *
 * @param done takes each event's order id
 */
record NoOpTransport(LongConsumer done) implements Transport {

  @Override
  public String name() {
    return "no-op";
  }

  @Override
  public boolean inProcess() {
    return true;
  }

  @Override
  public Session open(Leadership leadership) {
    return new NoOpSession(done);
  }

  private record NoOpSession(LongConsumer done) implements Session {

    @Override
    public void send(OutboxMessage message, Acknowledgement acknowledgement) {
      done.accept(Long.parseLong(message.aggregateId()));
      acknowledgement.acknowledge();
    }

    @Override
    public void close() {}
  }
}
