package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.definition.SagaDefinitionException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints the mistakes of a definition that is built in a bean method, one a line. */
final class SagaDefinitionFailureAnalyzer extends AbstractFailureAnalyzer<SagaDefinitionException> {

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, SagaDefinitionException cause) {
    return new FailureAnalysis(
        "The sagas are not usable:" + System.lineSeparator() + lines(cause), null, cause);
  }

  private static String lines(SagaDefinitionException cause) {
    return String.join(
        System.lineSeparator(), cause.mistakes().stream().map(m -> "- " + m).toList());
  }
}
