package dev.evenkeel.modulith;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.autoconfigure.EvenkeelConfigurationException;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.PayloadCodec;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.modulith.events.EventExternalizationConfiguration;
import org.springframework.modulith.events.support.EventExternalizerModuleListener;
import tools.jackson.databind.json.JsonMapper;

class EvenkeelModulithAutoConfigurationTest {

  @Configuration(proxyBeanMethods = false)
  static class OutboxConfiguration {

    @Bean
    Outbox outbox() {
      return new Outbox() {
        @Override
        public void append(Object event) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void append(OutboxMessage message) {
          throw new UnsupportedOperationException();
        }
      };
    }

    @Bean
    EventTypes eventTypes() {
      return EventTypes.of(List.of());
    }

    @Bean
    PayloadCodec codec() {
      return new JsonPayloadCodec(JsonMapper.shared());
    }
  }

  private final ApplicationContextRunner withoutOutbox =
      new ApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(EvenkeelModulithAutoConfiguration.class));
  private final ApplicationContextRunner application =
      withoutOutbox.withUserConfiguration(OutboxConfiguration.class);

  @Test
  void needsNothingOfModulithButTheApiOfItsEvents() {
    application
        .withClassLoader(
            new FilteredClassLoader(
                "org.springframework.modulith.events.config",
                "org.springframework.modulith.events.core",
                "org.springframework.modulith.events.support"))
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .hasSingleBean(OutboxExternalizer.class)
                    .hasSingleBean(ExternalizedTypes.class)
                    .hasSingleBean(EventExternalizationConfiguration.class)
                    .doesNotHaveBean(ExternalizationCheck.class));
  }

  @Test
  void moduleListenerModeIsModulithsOwnAndSwitchesTheOutboxOff() {
    application
        .withPropertyValues("spring.modulith.events.externalization.mode=module-listener")
        .run(context -> assertThat(context).doesNotHaveBean(OutboxExternalizer.class));
    application
        .withPropertyValues("spring.modulith.events.externalization.mode=OUTBOX")
        .run(context -> assertThat(context).hasSingleBean(OutboxExternalizer.class));
  }

  @Test
  void nothingIsThereWhenExternalizationIsOffOrThereIsNoOutbox() {
    application
        .withPropertyValues("spring.modulith.events.externalization.enabled=false")
        .run(context -> assertThat(context).doesNotHaveBean(OutboxExternalizer.class));
    withoutOutbox.run(context -> assertThat(context).doesNotHaveBean(OutboxExternalizer.class));
  }

  @Test
  void configurationOfTheApplicationReplacesTheDefaults() {
    EventExternalizationConfiguration own = EventExternalizationConfiguration.disabled();

    application
        .withBean("own", EventExternalizationConfiguration.class, () -> own)
        .run(
            context ->
                assertThat(context.getBean(EventExternalizationConfiguration.class)).isSameAs(own));
  }

  @Test
  void secondWayOutFailsTheStart() {
    application
        .withBean(
            "kafkaEventExternalizer",
            EventExternalizerModuleListener.class,
            () ->
                new EventExternalizerModuleListener(
                    EventExternalizationConfiguration.disabled(),
                    (payload, target) -> CompletableFuture.completedFuture(null)))
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .isInstanceOf(EvenkeelConfigurationException.class)
                    .hasMessageContaining("[kafkaEventExternalizer] send externalized events")
                    .hasMessageContaining("spring.modulith.events.externalization.mode"));
  }
}
