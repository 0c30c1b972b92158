package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.saga.definition.SagaDefinitionException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@ExtendWith(OutputCaptureExtension.class)
class EvenkeelFailureAnalyzerTest {

  @Configuration(proxyBeanMethods = false)
  static class Broken {

    @Bean
    Object broken() {
      throw new EvenkeelConfigurationException("evenkeel.x must be y, was z");
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class Mistaken {

    @Bean
    Object mistaken() {
      throw new SagaDefinitionException(List.of("saga \"a\" is one", "saga \"b\" is another"));
    }
  }

  @Test
  void mistakesOfDefinitionsArePrintedOneALine(CapturedOutput output) {
    assertThatThrownBy(
            () -> new SpringApplicationBuilder(Mistaken.class).web(WebApplicationType.NONE).run())
        .hasRootCauseInstanceOf(SagaDefinitionException.class);

    assertThat(output)
        .containsPattern("usable:\\s+- saga \"a\" is one\\s+- saga \"b\" is another\\s+")
        .doesNotContain("\tat dev.evenkeel");
  }

  @Test
  void failedStartPrintsTheSentenceAlone(CapturedOutput output) {
    assertThatThrownBy(
            () -> new SpringApplicationBuilder(Broken.class).web(WebApplicationType.NONE).run())
        .hasRootCauseInstanceOf(EvenkeelConfigurationException.class);

    assertThat(output)
        .containsPattern("Description:\\s+evenkeel\\.x must be y, was z\\s+")
        .doesNotContain("\tat dev.evenkeel");
  }
}
