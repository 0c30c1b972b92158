package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.saga.SagaOperations;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.Shards;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The actuator endpoints {@code evenkeeloutbox}, {@code evenkeelsagas} and {@code evenkeelshards}.
 */
@AutoConfiguration(after = {EvenkeelAutoConfiguration.class, EvenkeelSagaAutoConfiguration.class})
@ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
@ConditionalOnBean(EvenkeelOptions.class)
public final class EvenkeelEndpointAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelEndpointAutoConfiguration() {}

  @Bean
  @ConditionalOnAvailableEndpoint
  EvenkeelOutboxEndpoint evenkeelOutboxEndpoint(
      AllReadings readings,
      ParkedMessages parked,
      Installations installations,
      ObjectProvider<InboxHandlers> handlers,
      ApplicationEventPublisher events) {
    // Asked per request: the handlers are collected after this bean is made.
    return new EvenkeelOutboxEndpoint(
        readings, parked, installations, () -> consumers(handlers.getObject()), events);
  }

  private static Set<String> consumers(InboxHandlers handlers) {
    return handlers.subscriptions().stream()
        .map(Subscription::consumer)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** With sagas. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnBean(SagaReadings.class)
  @ConditionalOnAvailableEndpoint(EvenkeelSagasEndpoint.class)
  static class SagasConfiguration {

    @Bean
    EvenkeelSagasEndpoint evenkeelSagasEndpoint(
        SagaReadings readings,
        ObjectProvider<SagaDefinitions> definitions,
        Sagas sagas,
        SagaOperations operations,
        ApplicationEventPublisher events) {
      return new EvenkeelSagasEndpoint(readings, definitions::getObject, sagas, operations, events);
    }
  }

  /** With shards. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnBean(ShardStarter.class)
  @ConditionalOnAvailableEndpoint(EvenkeelShardsEndpoint.class)
  static class ShardsConfiguration {

    @Bean
    EvenkeelShardsEndpoint evenkeelShardsEndpoint(
        Shards shards, ShardNode node, EvenkeelProperties properties, ConnectionBudget budget) {
      return new EvenkeelShardsEndpoint(
          shards, node, String.valueOf(properties.catalogue()), budget);
    }
  }
}
