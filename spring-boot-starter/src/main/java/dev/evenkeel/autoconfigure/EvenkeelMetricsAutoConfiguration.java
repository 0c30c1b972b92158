package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.shard.Shards;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The meters of {@link EvenkeelMeters}, where the application has a registry. */
@AutoConfiguration(
    after = {
      EvenkeelAutoConfiguration.class,
      EvenkeelKafkaAutoConfiguration.class,
      EvenkeelSagaAutoConfiguration.class
    },
    afterName =
        "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean({MeterRegistry.class, EvenkeelOptions.class})
public final class EvenkeelMetricsAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelMetricsAutoConfiguration() {}

  @Bean
  MessageObserver evenkeelMeteringObserver(MeterRegistry registry) {
    return new MeteringObserver(registry);
  }

  @Bean
  OutboxGauges evenkeelOutboxGauges(AllReadings readings, EvenkeelProperties properties) {
    return new OutboxGauges(readings, properties.relay().enabled());
  }

  /** With sagas. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnBean(SagaReadings.class)
  static class SagasConfiguration {

    @Bean
    SagaObserver evenkeelMeteringSagaObserver(MeterRegistry registry) {
      return new MeteringSagaObserver(registry);
    }

    @Bean
    SagaGauges evenkeelSagaGauges(SagaReadings readings) {
      return new SagaGauges(readings);
    }
  }

  /** With handlers that Kafka serves. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnBean(KafkaInboxLifecycle.class)
  static class KafkaConfiguration {

    @Bean
    KafkaGauges evenkeelKafkaGauges(KafkaInboxLifecycle inbox) {
      return new KafkaGauges(inbox);
    }
  }

  /** Apart, because the pools' library is optional. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnBean(ShardStarter.class)
  static class ShardsConfiguration {

    @Bean
    ShardGauges evenkeelShardGauges(Shards shards, ConnectionBudget budget, ShardPools pools) {
      return new ShardGauges(shards, budget, pools);
    }
  }
}
