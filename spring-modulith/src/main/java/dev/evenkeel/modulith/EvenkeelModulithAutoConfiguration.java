package dev.evenkeel.modulith;

import dev.evenkeel.autoconfigure.EvenkeelAutoConfiguration;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.spi.PayloadCodec;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurationPackages;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ResourceLoader;
import org.springframework.modulith.events.EventExternalizationConfiguration;
import org.springframework.modulith.events.ExternalizationMode;

/**
 * Spring Modulith's externalized events by way of the outbox.
 *
 * <p>Modulith's mode {@code outbox} is what this module stands for, so it is the default here;
 * {@code module-listener} switches it off. Modulith's event publication registry is not needed, and
 * where there is one it knows nothing of the outbox: it keeps what
 * {@code @ApplicationModuleListener} methods have still to do.
 */
@AutoConfiguration(
    after = EvenkeelAutoConfiguration.class,
    afterName = EvenkeelModulithAutoConfiguration.MODULITHS_DEFAULTS)
@ConditionalOnBooleanProperty(
    name = "spring.modulith.events.externalization.enabled",
    matchIfMissing = true)
@ConditionalOnProperty(
    name = ExternalizationMode.PROPERTY,
    havingValue = "outbox",
    matchIfMissing = true)
@ConditionalOnBean(Outbox.class)
public final class EvenkeelModulithAutoConfiguration {

  /** Makes the default configuration where Modulith's registry is on the class path. */
  static final String MODULITHS_DEFAULTS =
      "org.springframework.modulith.events.config.EventExternalizationAutoConfiguration";

  /** Made by Spring Boot. */
  EvenkeelModulithAutoConfiguration() {}

  @Bean
  ExternalizedTypes evenkeelExternalizedTypes(
      ConfigurableListableBeanFactory beans, Environment environment, ResourceLoader resources) {
    return new ExternalizedTypes(beans, environment, resources);
  }

  /** Modulith's defaults: annotated classes of the application's packages, routed as annotated. */
  @Bean
  @ConditionalOnMissingBean
  EventExternalizationConfiguration evenkeelEventExternalizationConfiguration(BeanFactory beans) {
    return AutoConfigurationPackages.has(beans)
        ? EventExternalizationConfiguration.defaults(AutoConfigurationPackages.get(beans)).build()
        : EventExternalizationConfiguration.disabled();
  }

  @Bean
  OutboxExternalizer evenkeelOutboxExternalizer(
      EventExternalizationConfiguration configuration,
      BeanFactory beans,
      EventTypes types,
      PayloadCodec codec,
      Outbox outbox) {
    return new OutboxExternalizer(
        configuration, new RoutingExpressions(beans), types, codec, outbox);
  }

  /** Where there could be another way out. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(
      name = "org.springframework.modulith.events.support.EventExternalizerModuleListener")
  static class CheckConfiguration {

    @Bean
    ExternalizationCheck evenkeelExternalizationCheck(ListableBeanFactory beans) {
      return new ExternalizationCheck(beans);
    }
  }
}
