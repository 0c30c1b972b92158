package dev.evenkeel.autoconfigure;

import dev.evenkeel.shard.guard.DataSourceGuard;
import dev.evenkeel.shard.guard.DualWriteGuard;
import dev.evenkeel.shard.guard.DualWriteKind;
import dev.evenkeel.shard.guard.DualWriteMode;
import dev.evenkeel.shard.guard.DualWriteObserver;
import dev.evenkeel.shard.guard.RestClientGuard;
import dev.evenkeel.shard.guard.TemplateGuard;
import dev.evenkeel.shard.guard.TransactionMarker;
import dev.evenkeel.shard.guard.WebClientGuard;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Supplier;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.jdbc.metadata.DataSourcePoolMetadataProvider;
import org.springframework.boot.restclient.RestClientCustomizer;
import org.springframework.boot.restclient.RestTemplateCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.support.RestClientHttpServiceGroupConfigurer;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.support.WebClientHttpServiceGroupConfigurer;

/**
 * The dual-write guard in front of the clients that the application has. With {@code
 * evenkeel.guard.dual-write=off} there is none of it, and no bean is touched.
 *
 * <p>Post-processors are made before all other beans, so they ask for the guard only when a client
 * calls.
 */
@AutoConfiguration(
    afterName =
        "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnBooleanProperty(name = "evenkeel.enabled", matchIfMissing = true)
@Conditional(EvenkeelGuardAutoConfiguration.OnDualWriteGuard.class)
@EnableConfigurationProperties(EvenkeelProperties.class)
public final class EvenkeelGuardAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelGuardAutoConfiguration() {}

  @Bean
  DualWriteGuard evenkeelDualWriteGuard(
      EvenkeelProperties properties,
      ObjectProvider<DualWriteObserver> observers,
      ConfigurableListableBeanFactory beans) {
    return new DualWriteGuard(
        properties.guard().dualWrite(),
        kind -> observers.orderedStream().forEach(observer -> observer.found(kind)),
        beans);
  }

  @Bean
  static TransactionMarker evenkeelTransactionMarker() {
    return new TransactionMarker();
  }

  @Bean
  static DataSourceGuard evenkeelDataSourceGuard(
      ConfigurableListableBeanFactory beans, ObjectProvider<DualWriteGuard> guard) {
    return new DataSourceGuard(beans, later(guard));
  }

  /** Boot reads the fields of pools for its meters, which only the pool behind the guard has. */
  @Bean
  static BeanPostProcessor evenkeelPoolMetadataUnwrapper() {
    return new BeanPostProcessor() {
      @Override
      public Object postProcessAfterInitialization(Object bean, String beanName) {
        return bean instanceof DataSourcePoolMetadataProvider provider
            ? (DataSourcePoolMetadataProvider)
                dataSource ->
                    provider.getDataSourcePoolMetadata(DataSourceGuard.unguarded(dataSource))
            : bean;
      }
    };
  }

  private static Supplier<DualWriteGuard> later(ObjectProvider<DualWriteGuard> guard) {
    return SingletonSupplier.of(guard::getObject);
  }

  /** With spring-kafka. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(KafkaTemplate.class)
  static class KafkaConfiguration {

    @Bean
    static TemplateGuard evenkeelKafkaGuard(ObjectProvider<DualWriteGuard> guard) {
      return new TemplateGuard(DualWriteKind.KAFKA, KafkaTemplate.class, later(guard));
    }
  }

  /** With spring-rabbit. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(RabbitTemplate.class)
  static class RabbitConfiguration {

    @Bean
    static TemplateGuard evenkeelRabbitGuard(ObjectProvider<DualWriteGuard> guard) {
      return new TemplateGuard(DualWriteKind.RABBIT, RabbitTemplate.class, later(guard));
    }
  }

  /** With spring-jms. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(
      value = JmsTemplate.class,
      name = "jakarta.jms.ConnectionFactory") // optional in spring-jms
  static class JmsConfiguration {

    @Bean
    static TemplateGuard evenkeelJmsGuard(ObjectProvider<DualWriteGuard> guard) {
      return new TemplateGuard(DualWriteKind.JMS, JmsTemplate.class, later(guard));
    }
  }

  /** With spring-web. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(RestClient.class)
  static class RestClientConfiguration {

    @Bean
    static RestClientGuard evenkeelRestClientGuard(ObjectProvider<DualWriteGuard> guard) {
      return new RestClientGuard(later(guard));
    }

    /** Clients of HTTP service interfaces are no beans. */
    @Bean
    RestClientHttpServiceGroupConfigurer evenkeelRestClientGroupGuard(RestClientGuard guard) {
      return groups -> groups.forEachClient((group, builder) -> guard.guard(builder));
    }

    /** With Boot's builders, which make what is no bean. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(RestTemplateCustomizer.class)
    static class BuilderConfiguration {

      @Bean
      RestTemplateCustomizer evenkeelRestTemplateGuardCustomizer(RestClientGuard guard) {
        return guard::guard;
      }

      @Bean
      RestClientCustomizer evenkeelRestClientGuardCustomizer(RestClientGuard guard) {
        return guard::guard;
      }
    }
  }

  /** With spring-webflux. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(WebClient.class)
  static class WebClientConfiguration {

    @Bean
    static WebClientGuard evenkeelWebClientGuard(ObjectProvider<DualWriteGuard> guard) {
      return new WebClientGuard(later(guard));
    }

    /** Clients of HTTP service interfaces are no beans. */
    @Bean
    WebClientHttpServiceGroupConfigurer evenkeelWebClientGroupGuard(WebClientGuard guard) {
      return groups -> groups.forEachClient((group, builder) -> guard.guard(builder));
    }
  }

  /** With a registry of meters. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(MeterRegistry.class)
  @ConditionalOnBean(MeterRegistry.class)
  static class MeterConfiguration {

    @Bean
    DualWriteObserver evenkeelDualWriteMeter(MeterRegistry registry) {
      return new DualWriteMeter(registry);
    }
  }

  /** Not a comparison of texts: YAML turns {@code off} into {@code false}, and binding back. */
  static final class OnDualWriteGuard extends SpringBootCondition {

    @Override
    public ConditionOutcome getMatchOutcome(
        ConditionContext context, AnnotatedTypeMetadata metadata) {
      DualWriteMode mode =
          Binder.get(context.getEnvironment())
              .bindOrCreate("evenkeel.guard", EvenkeelProperties.Guard.class)
              .dualWrite();
      return new ConditionOutcome(
          mode != DualWriteMode.OFF,
          ConditionMessage.forCondition("Dual-write guard").because("mode is " + mode));
    }
  }
}
