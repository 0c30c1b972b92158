package dev.evenkeel.relay;

import java.util.List;

/** The server is not as the relay needs it. */
final class UnfitException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private final transient List<String> findings;

  UnfitException(List<String> findings) {
    super(String.join("; ", findings));
    this.findings = findings;
  }

  List<String> findings() {
    return findings;
  }
}
