package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.delivery.InProcessTransport;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.Transport;

/**
 * Delivers to this process's handlers, with the parked messages of the relay's own installation.
 */
final class InProcessTransports implements Transport {

  private final LaneOptions options;
  private final InboxHandlers handlers;
  private final Installations installations;
  private final MessageObservers observers;

  InProcessTransports(
      LaneOptions options,
      InboxHandlers handlers,
      Installations installations,
      MessageObservers observers) {
    this.options = options;
    this.handlers = handlers;
    this.installations = installations;
    this.observers = observers;
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
    Installation installation = installations.get(leadership.installation());
    return new InProcessTransport(
            options, handlers, installation.receiver(), installation.parked(), observers.observer())
        .open(leadership);
  }
}
