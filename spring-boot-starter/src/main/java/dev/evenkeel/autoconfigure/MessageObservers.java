package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.MessageObserver;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * Every {@link MessageObserver} bean as one. Not an observer itself, so that it is not among the
 * beans it collects.
 */
final class MessageObservers {

  private final MessageObserver observer;

  MessageObservers(List<MessageObserver> observers) {
    observer =
        switch (observers.size()) {
          case 0 -> MessageObserver.NONE;
          case 1 -> observers.get(0);
          default -> new Each(List.copyOf(observers));
        };
  }

  MessageObserver observer() {
    return observer;
  }

  private record Each(List<MessageObserver> observers) implements MessageObserver {

    private void tell(Consumer<MessageObserver> what) {
      observers.forEach(what);
    }

    @Override
    public void appended(int messages) {
      tell(o -> o.appended(messages));
    }

    @Override
    public void sent() {
      tell(MessageObserver::sent);
    }

    @Override
    public void handled(String consumer, Duration sinceAppend) {
      tell(o -> o.handled(consumer, sinceAppend));
    }

    @Override
    public void duplicate(String consumer) {
      tell(o -> o.duplicate(consumer));
    }

    @Override
    public void retried(String consumer) {
      tell(o -> o.retried(consumer));
    }

    @Override
    public void parked(String consumer, String reason) {
      tell(o -> o.parked(consumer, reason));
    }

    @Override
    public void dead(String consumer, String reason) {
      tell(o -> o.dead(consumer, reason));
    }
  }
}
