package dev.evenkeel.outbox;

import java.time.Duration;

/**
 * What tests move instead of waiting. Retry and retention statements add the offset to the
 * database's clock; leases ignore it, because they guard against real pauses.
 */
@FunctionalInterface
public interface TimeSource {

  /** Production: the database's clock as it is. */
  TimeSource SYSTEM = () -> Duration.ZERO;

  /** How far virtual time is ahead of the database's clock; zero in production. */
  Duration offset();
}
