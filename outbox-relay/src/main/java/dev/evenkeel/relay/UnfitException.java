package dev.evenkeel.relay;

import java.util.List;
import java.util.stream.Collectors;

/** The server is not as the relay needs it. */
final class UnfitException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private final transient List<RelayFinding> findings;

  UnfitException(List<RelayFinding> findings) {
    super(findings.stream().map(RelayFinding::toString).collect(Collectors.joining("; ")));
    this.findings = findings;
  }

  List<RelayFinding> findings() {
    return findings;
  }
}
