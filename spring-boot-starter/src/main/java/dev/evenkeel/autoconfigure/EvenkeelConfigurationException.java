package dev.evenkeel.autoconfigure;

/**
 * The application can't start as it is configured. The message is one sentence: setting, actual
 * value, allowed range, remedy; {@link EvenkeelFailureAnalyzer} prints it alone.
 */
public final class EvenkeelConfigurationException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Also for auto-configurations that stand on this one. */
  public EvenkeelConfigurationException(String message) {
    super(message);
  }

  /** As above. */
  public EvenkeelConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
