package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.DeadLetterPolicy;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.transport.kafka.KafkaInbox;
import dev.evenkeel.transport.kafka.KafkaInboxOptions;
import dev.evenkeel.transport.kafka.KafkaTransport;
import dev.evenkeel.transport.kafka.KafkaTransportOptions;
import dev.evenkeel.transport.kafka.TopicNames;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.kafka.autoconfigure.KafkaConnectionDetails;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

/** Kafka in the place of in-process delivery, with {@code evenkeel.transport=kafka}. */
@AutoConfiguration(
    after = EvenkeelAutoConfiguration.class,
    afterName = "org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration")
@ConditionalOnClass({KafkaTransport.class, KafkaProperties.class})
@ConditionalOnBean({EvenkeelOptions.class, KafkaConnectionDetails.class})
@ConditionalOnProperty(name = "evenkeel.transport", havingValue = "kafka")
public final class EvenkeelKafkaAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelKafkaAutoConfiguration() {}

  @Bean
  KafkaClients evenkeelKafkaClients(KafkaProperties properties, KafkaConnectionDetails details) {
    return new KafkaClients(properties, details);
  }

  /** Lazy: with the relay switched off nobody asks for it. */
  @Bean
  @Lazy
  @ConditionalOnMissingBean
  Transport evenkeelKafkaTransport(
      EvenkeelProperties properties,
      EvenkeelOptions options,
      KafkaClients clients,
      Installations installations,
      Environment environment) {
    EvenkeelProperties.Kafka kafka = properties.kafka();
    String source = kafka.source();
    return new KafkaTransport(
        new KafkaTransportOptions(
            new TopicNames(kafka.topic()),
            source == null || source.isBlank() ? "/" + applicationName(environment) : source,
            kafka.contentType(),
            kafka.createTopics(),
            kafka.topicBudget(),
            options.lanes(),
            options.inbox().window(),
            kafka.inbox().enabled(),
            properties.inbox().deadLetterPolicy() == DeadLetterPolicy.SKIP),
        clients.producer(),
        installation -> installations.get(installation).parked());
  }

  private static String applicationName(Environment environment) {
    return environment.getProperty("spring.application.name", "application");
  }

  /** Where this process receives, too. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnBooleanProperty(name = "evenkeel.kafka.inbox.enabled", matchIfMissing = true)
  static class InboxConfiguration {

    /** What is handled is remembered at home, with shards on the catalogue shard. */
    @Bean
    KafkaInboxLifecycle evenkeelKafkaInboxLifecycle(
        EvenkeelProperties properties,
        EvenkeelOptions options,
        KafkaClients clients,
        EventTypes types,
        ObjectProvider<InboxHandlers> handlers,
        Installations installations,
        MessageObservers observers,
        Environment environment) {
      EvenkeelProperties.KafkaInbox inbox = properties.kafka().inbox();
      String group = inbox.group();
      KafkaInboxOptions inboxOptions =
          new KafkaInboxOptions(
              group == null ? applicationName(environment) : group,
              options.relay().node(),
              new TopicNames(properties.kafka().topic()),
              options.lanes(),
              inbox.maxInFlight(),
              inbox.maxInFlightBytes().toBytes(),
              inbox.commitInterval());
      String catalogue = properties.catalogue();
      return new KafkaInboxLifecycle(
          () -> {
            Installation home =
                installations.get(catalogue == null ? InstallationDatabase.HOME : catalogue);
            return new KafkaInbox(
                inboxOptions,
                clients.consumer(),
                types,
                handlers.getObject(),
                home.receiver(),
                home.parked(),
                observers.observer());
          });
    }
  }

  /** With Spring Boot's health. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(HealthIndicator.class)
  static class HealthConfiguration {

    @Bean
    @ConditionalOnMissingBean(name = "evenkeelKafkaHealthIndicator")
    HealthIndicator evenkeelKafkaHealthIndicator(
        ObjectProvider<Transport> transport, ObjectProvider<KafkaInboxLifecycle> inbox) {
      return new KafkaHealthIndicator(transport, inbox.getIfAvailable());
    }
  }
}
