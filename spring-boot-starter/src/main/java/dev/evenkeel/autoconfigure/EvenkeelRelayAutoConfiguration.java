package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayGroup;
import dev.evenkeel.shard.Shards;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
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
@AutoConfiguration(after = {EvenkeelAutoConfiguration.class, EvenkeelKafkaAutoConfiguration.class})
@ConditionalOnBean(EvenkeelOptions.class)
@ConditionalOnBooleanProperty(name = "evenkeel.relay.enabled", matchIfMissing = true)
public final class EvenkeelRelayAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelRelayAutoConfiguration() {}

  @Bean
  @Lazy
  @ConditionalOnMissingBean
  Transport evenkeelInProcessTransport(
      EvenkeelProperties properties,
      EvenkeelOptions options,
      InboxHandlers handlers,
      Installations installations,
      MessageObservers observers) {
    if (properties.transport() == TransportKind.KAFKA) {
      throw new EvenkeelConfigurationException(
          "evenkeel.transport is kafka, but evenkeel-transport-kafka or spring-boot-starter-kafka is not on the class path; add both");
    }
    return new InProcessTransports(options.lanes(), handlers, installations, observers);
  }

  @Bean
  WakingObserver evenkeelWakingObserver() {
    return new WakingObserver();
  }

  @Bean
  RelayLifecycle evenkeelRelayLifecycle(
      EvenkeelOptions options,
      Installations installations,
      ObjectProvider<Transport> transport,
      ObjectProvider<InboxHandlers> handlers,
      ObjectProvider<LivingNodes> livingNodes,
      ObjectProvider<Shards> shards,
      MessageObservers observers,
      WakingObserver waking) {
    RelayLifecycle.Parts parts =
        new RelayLifecycle.Parts() {
          @Override
          public RelayGroup relays() {
            Map<String, Relay> relays = new LinkedHashMap<>();
            for (Installation installation : installations.all()) {
              relays.put(installation.name(), relay(installation));
            }
            LivingNodes nodes = livingNodes.getIfAvailable(() -> Set::of);
            RelayGroup group = new RelayGroup(relays, nodes::names);
            waking.wakes(group);
            return group;
          }

          private Relay relay(Installation installation) {
            Transport shared = transport.getObject();
            return new Relay(
                options.relay(),
                Objects.requireNonNull(installation.database().relay(), installation.name()),
                new InstallationTransport(shared, installation.name()),
                installation.registry(),
                served(shared, handlers.getObject()),
                handlers.getObject().upcastSubscriptions(),
                observers.observer());
          }

          @Override
          public boolean isReady(String installation) {
            Shards all = shards.getIfAvailable();
            return all == null || all.isUp(installation);
          }

          @Override
          public Map<String, Consumers> consumers() {
            Map<String, Consumers> consumers = new LinkedHashMap<>();
            Set<Subscription> served = served(transport.getObject(), handlers.getObject());
            for (Installation installation : installations.all()) {
              consumers.put(
                  installation.name(),
                  new Consumers(installation.registry(), served, options.retired()));
            }
            return consumers;
          }
        };
    return new RelayLifecycle(
        options.relay().node(),
        installations.all().stream().map(Installation::name).toList(),
        parts,
        options.relay().contend());
  }

  /** Behind a broker nobody waits for this process's handlers: the broker acknowledges. */
  private static Set<Subscription> served(Transport transport, InboxHandlers handlers) {
    return transport.inProcess() ? handlers.subscriptions() : Set.of();
  }
}
