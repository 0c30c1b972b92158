package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.saga.SagaParticipants;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/**
 * Participants of sagas, where the application has a bean with {@link SagaParticipant}; sagas of
 * its own it need not have.
 *
 * <p>All is lazy: it needs the participants' beans, and those may need everything else. The inbox
 * and the engine ask for it when everything is there.
 */
@AutoConfiguration(after = EvenkeelAutoConfiguration.class)
@ConditionalOnBean(value = EvenkeelOptions.class, annotation = SagaParticipant.class)
public final class EvenkeelParticipantAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelParticipantAutoConfiguration() {}

  @Bean
  @Lazy
  ParticipantBeans evenkeelParticipantBeans(ConfigurableListableBeanFactory beans) {
    return ParticipantBeans.find(beans);
  }

  @Bean
  @Lazy
  SagaParticipants evenkeelSagaParticipants(ParticipantBeans beans) {
    return beans.usable();
  }

  @Bean
  @Lazy
  InboxHandlerSource evenkeelParticipantReceivers(
      ParticipantBeans beans,
      EvenkeelOptions options,
      PayloadCodec codec,
      ObjectProvider<TransactionFlush> flushes,
      MessageObservers messages,
      TimeSource time) {
    return new ParticipantReceivers(
        beans,
        new SagaParticipants.Surroundings(
            options.schema(),
            options.outbox().storage(),
            codec,
            flushes.orderedStream().toList(),
            messages.observer(),
            time,
            options.saga().maxPayloadBytes()));
  }
}
