package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;

/** Delivers to {@code @InboxHandler} methods of the process that leads. Thread-safe. */
public final class InProcessTransport implements Transport {

  private final LaneOptions options;
  private final InboxHandlers handlers;
  private final InboxReceiver receiver;
  private final ParkedStore parked;
  private final MessageObserver observer;

  /** Makes the transport of a process's handlers. */
  public InProcessTransport(
      LaneOptions options,
      InboxHandlers handlers,
      InboxReceiver receiver,
      ParkedStore parked,
      MessageObserver observer) {
    this.options = options;
    this.handlers = handlers;
    this.receiver = receiver;
    this.parked = parked;
    this.observer = observer;
  }

  @Override
  public String name() {
    return "in-process";
  }

  @Override
  public boolean inProcess() {
    return true;
  }

  @Override
  public Session open(Leadership leadership) {
    InboxLanes lanes =
        new InboxLanes(options, handlers, receiver, parked, observer, InboxLanes.UnknownTypes.PARK);
    Session feed = lanes.open(leadership);
    return new Session() {
      @Override
      public void send(OutboxMessage message, Acknowledgement acknowledgement) {
        feed.send(message, acknowledgement);
      }

      @Override
      public void close() {
        lanes.close();
      }
    };
  }
}
