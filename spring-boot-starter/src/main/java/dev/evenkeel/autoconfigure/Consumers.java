package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.Subscription;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the installation which consumers this application has, and which nobody waits for. */
final class Consumers {

  private static final Logger log = LoggerFactory.getLogger(Consumers.class);

  private final ConsumerRegistry registry;
  private final Set<Subscription> subscriptions;
  private final List<String> retired;

  Consumers(ConsumerRegistry registry, Set<Subscription> subscriptions, List<String> retired) {
    this.registry = registry;
    this.subscriptions = subscriptions;
    this.retired = retired;
  }

  /**
   * Registers and retires.
   *
   * @return whether it was done; false when the database can't do it now, but may later
   */
  boolean tryRegister() {
    try {
      registry.register(subscriptions);
      int ended = registry.retire(retired);
      if (ended > 0) {
        log.info("Retired {}: {} subscriptions ended", retired, ended);
      }
      return true;
    } catch (RuntimeException e) {
      FailureKind kind = FailureKind.of(e);
      if (kind == FailureKind.OUTAGE || kind == FailureKind.CONTENTION) {
        log.warn("The consumers can't be registered now, trying again: {}", e.toString());
        return false;
      }
      throw e;
    }
  }
}
