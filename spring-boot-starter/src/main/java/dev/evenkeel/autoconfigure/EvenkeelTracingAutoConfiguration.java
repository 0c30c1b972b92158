package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.saga.spi.SagaObserver;
import io.micrometer.tracing.Tracer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;

/**
 * Messages carry the trace of the code that appended them, and sagas continue that of their start,
 * where the application traces.
 */
@AutoConfiguration(after = {EvenkeelAutoConfiguration.class, EvenkeelSagaAutoConfiguration.class})
@ConditionalOnClass(Tracer.class)
@ConditionalOnBean(EvenkeelOptions.class)
public final class EvenkeelTracingAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelTracingAutoConfiguration() {}

  /** First: the trace of a step's span is finer than the one that its saga carries. */
  @Bean
  @Order(0)
  HeaderSource evenkeelTraceHeaders(ObjectProvider<Tracer> tracer) {
    return new TraceHeaders(tracer::getIfAvailable);
  }

  @Bean
  @ConditionalOnBean(SagaEngines.class)
  SagaObserver evenkeelSagaSpans(ObjectProvider<Tracer> tracer) {
    return new SagaSpans(tracer::getIfAvailable);
  }
}
