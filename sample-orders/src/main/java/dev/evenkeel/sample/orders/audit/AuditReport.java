package dev.evenkeel.sample.orders.audit;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;

/**
 * What an audit found.
 *
 * @param quiescent whether all sagas rest: ended, waiting for an approval or stuck. When not, only
 *     rules that hold at every moment were looked at
 * @param violations at most {@value SagaAudit#MOST_VIOLATIONS}; empty when everything adds up
 */
public record AuditReport(boolean quiescent, List<Violation> violations) {

  public AuditReport {
    violations = List.copyOf(violations);
  }

  /** Whether all sagas rest and everything adds up. */
  @JsonIgnore
  public boolean isClean() {
    return quiescent && violations.isEmpty();
  }
}
