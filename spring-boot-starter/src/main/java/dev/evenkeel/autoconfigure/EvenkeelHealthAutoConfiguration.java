package dev.evenkeel.autoconfigure;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** The health indicator {@code evenkeel}. */
@AutoConfiguration(after = {EvenkeelAutoConfiguration.class, EvenkeelSagaAutoConfiguration.class})
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnBean(EvenkeelOptions.class)
@ConditionalOnEnabledHealthIndicator("evenkeel")
public final class EvenkeelHealthAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelHealthAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean(name = "evenkeelHealthIndicator")
  HealthIndicator evenkeelHealthIndicator(
      AllReadings readings, ObjectProvider<SagaReadings> sagas) {
    return new EvenkeelHealthIndicator(readings, sagas.getIfAvailable());
  }
}
