package dev.evenkeel.autoconfigure;

import java.util.Collection;
import org.springframework.boot.health.contributor.Status;

/** What the health of several parts is together, where each is of use without the others. */
final class Degradation {

  /** Some parts are not up. Spring Boot's aggregate and HTTP status pass over it. */
  static final String DEGRADED = "DEGRADED";

  private Degradation() {}

  /**
   * The status of all.
   *
   * @param notUp names of those that are not up
   * @param none the status when none is up
   */
  static Status of(int parts, Collection<String> notUp, Status none) {
    if (notUp.isEmpty()) {
      return Status.UP;
    }
    return notUp.size() == parts
        ? none
        : new Status(DEGRADED, "not up: " + String.join(", ", notUp));
  }
}
