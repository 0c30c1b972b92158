package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.HeaderSource;
import io.micrometer.tracing.Tracer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** Messages carry the trace of the code that appended them, where the application traces. */
@AutoConfiguration(after = EvenkeelAutoConfiguration.class)
@ConditionalOnClass(Tracer.class)
@ConditionalOnBean(EvenkeelOptions.class)
public final class EvenkeelTracingAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelTracingAutoConfiguration() {}

  @Bean
  HeaderSource evenkeelTraceHeaders(ObjectProvider<Tracer> tracer) {
    return new TraceHeaders(tracer::getIfAvailable);
  }
}
