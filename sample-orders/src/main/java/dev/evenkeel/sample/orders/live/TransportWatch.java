package dev.evenkeel.sample.orders.live;

import dev.evenkeel.outbox.spi.Transport;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.stereotype.Component;

/** Puts {@link WatchedTransport} around the framework's transport. */
@Component
class TransportWatch implements BeanPostProcessor {

  private final ObjectProvider<LiveFeed> feed;

  TransportWatch(ObjectProvider<LiveFeed> feed) {
    this.feed = feed;
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String name) {
    return bean instanceof Transport transport
        ? new WatchedTransport(transport, feed::getObject)
        : bean;
  }
}
