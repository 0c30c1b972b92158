package dev.evenkeel.autoconfigure;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints the sentence of an {@link EvenkeelConfigurationException} without the stack around it. */
final class EvenkeelFailureAnalyzer
    extends AbstractFailureAnalyzer<EvenkeelConfigurationException> {

  @Override
  protected FailureAnalysis analyze(
      Throwable rootFailure, EvenkeelConfigurationException cause) {
    return new FailureAnalysis(sentence(cause), null, cause);
  }

  private static @Nullable String sentence(EvenkeelConfigurationException cause) {
    return cause.getMessage();
  }
}
