package dev.evenkeel.sample.orders.live;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.sample.orders.live.Station.Name;
import dev.evenkeel.sample.orders.order.OrderConfirmed;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/** A transport that tells the feed of each confirmed order before it passes it on. */
final class WatchedTransport implements Transport {

  private final Transport transport;
  private final Supplier<LiveFeed> feed;

  WatchedTransport(Transport transport, Supplier<LiveFeed> feed) {
    this.transport = transport;
    this.feed = feed;
  }

  @Override
  public String name() {
    return transport.name();
  }

  @Override
  public boolean inProcess() {
    return transport.inProcess();
  }

  @Override
  public boolean receiversReadSource() {
    return transport.receiversReadSource();
  }

  @Override
  public List<String> findings() {
    return transport.findings();
  }

  @Override
  public Session open(Leadership leadership) {
    return new WatchedSession(transport.open(leadership), feed.get());
  }

  private record WatchedSession(Session session, LiveFeed feed) implements Session {

    @Override
    public void send(OutboxMessage message, Acknowledgement acknowledgement) {
      if (message.type().equals(OrderConfirmed.TYPE)) {
        feed.tell(
            "station", Station.passed(UUID.fromString(message.aggregateId()), Name.PUBLISHED));
      }
      session.send(message, acknowledgement);
    }

    @Override
    public void close() {
      session.close();
    }
  }
}
