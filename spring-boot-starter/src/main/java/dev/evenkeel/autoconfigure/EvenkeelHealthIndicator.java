package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.relay.RelayStatus;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * Whether messages leave: UP when this process leads without findings or another process leads,
 * DOWN when findings keep the relay from working, OUT_OF_SERVICE when it is stopped. Parked keys
 * and dead letters are shown, but are the business of alarms: restarting a process does not cure
 * them.
 */
final class EvenkeelHealthIndicator extends AbstractHealthIndicator {

  private final OutboxReadings readings;

  EvenkeelHealthIndicator(OutboxReadings readings) {
    super("The outbox's health could not be read");
    this.readings = readings;
  }

  @Override
  protected void doHealthCheck(Health.Builder builder) {
    RelayStatus relay = readings.status();
    if (relay == null) {
      builder.up().withDetail("state", "DISABLED");
    } else {
      builder
          .status(status(relay))
          .withDetail("state", relay.state().name())
          .withDetail("node", relay.node())
          .withDetail("epoch", relay.epoch())
          .withDetail("leader", relay.leader() == null ? "none" : relay.leader())
          .withDetail("inFlight", relay.inFlight())
          .withDetail("gaps", relay.gaps())
          .withDetail("findings", relay.findings());
    }
    RelayStatus.Lag lag = readings.lag();
    if (lag != null) {
      builder
          .withDetail("retainedWalBytes", lag.retainedBytes())
          .withDetail("oldestUnpublished", lag.oldestUnpublished().toString());
    }
    ParkedMessages.Counts counts = readings.counts();
    if (counts != null) {
      builder.withDetail("parkedKeys", counts.keys()).withDetail("deadLetters", counts.dead());
    }
  }

  static Status status(RelayStatus relay) {
    if (relay.state() == RelayState.STOPPED) {
      return Status.OUT_OF_SERVICE;
    }
    boolean anotherLeads = !relay.state().leads() && relay.leader() != null;
    return relay.findings().isEmpty() || anotherLeads ? Status.UP : Status.DOWN;
  }
}
