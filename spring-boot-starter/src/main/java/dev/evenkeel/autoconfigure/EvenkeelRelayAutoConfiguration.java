package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.relay.InProcessTransport;
import dev.evenkeel.relay.Relay;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/**
 * The relay of this process. The transport is lazy and the relay no bean: both need the handlers,
 * and those all the other beans, so {@link RelayLifecycle} asks for them when everything is there.
 */
@AutoConfiguration(after = EvenkeelAutoConfiguration.class)
@ConditionalOnBean(EvenkeelOptions.class)
@ConditionalOnBooleanProperty(name = "evenkeel.relay.enabled", matchIfMissing = true)
public final class EvenkeelRelayAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelRelayAutoConfiguration() {}

  @Bean
  @Lazy
  @ConditionalOnMissingBean
  Transport evenkeelInProcessTransport(
      EvenkeelOptions options,
      InboxHandlers handlers,
      InboxReceiver receiver,
      ParkedStore parked,
      MessageObservers observers) {
    return new InProcessTransport(
        options.lanes(), handlers, receiver, parked, observers.observer());
  }

  @Bean
  RelayLifecycle evenkeelRelayLifecycle(
      EvenkeelProperties properties,
      EvenkeelOptions options,
      ConnectionSettingsFactory settings,
      ConsumerRegistry registry,
      ObjectProvider<Transport> transport,
      ObjectProvider<InboxHandlers> handlers,
      MessageObservers observers) {
    EvenkeelProperties.Relay relay = properties.relay();
    ConnectionSettings connection =
        settings.settings("evenkeel.relay", relay.url(), relay.username(), relay.password());
    return new RelayLifecycle(
        options.relay().node(),
        () ->
            new Relay(
                options.relay(),
                connection,
                transport.getObject(),
                registry,
                served(transport.getObject(), handlers.getObject()),
                observers.observer()),
        () ->
            new Consumers(
                registry, served(transport.getObject(), handlers.getObject()), options.retired()),
        options.relay().contend());
  }

  /** Behind a broker nobody waits for this process's handlers: the broker acknowledges. */
  private static Set<Subscription> served(Transport transport, InboxHandlers handlers) {
    return transport.inProcess() ? handlers.subscriptions() : Set.of();
  }
}
