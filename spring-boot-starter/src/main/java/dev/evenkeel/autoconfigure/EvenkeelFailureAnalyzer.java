package dev.evenkeel.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints the sentence of an {@link EvenkeelConfigurationException} without the stack around it. */
final class EvenkeelFailureAnalyzer
    extends AbstractFailureAnalyzer<EvenkeelConfigurationException> {

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, EvenkeelConfigurationException cause) {
    return new FailureAnalysis(cause.getMessage(), null, cause);
  }
}
