package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayFinding;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.relay.RelayStatus;
import dev.evenkeel.saga.SagaCounts;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * Whether messages leave. For each installation: UP when this process leads and nothing is broken,
 * warnings or not, or another process leads; DOWN when something keeps the relay from working;
 * OUT_OF_SERVICE when it is stopped. Where only some installations are UP it is DEGRADED, which
 * restarts nothing: the others go on. Parked keys, dead letters and stuck sagas are shown, but are
 * the business of alarms: restarting a process does not cure them.
 */
final class EvenkeelHealthIndicator extends AbstractHealthIndicator {

  private final AllReadings readings;
  private final @Nullable SagaReadings sagas;

  /**
   * Makes the indicator.
   *
   * @param sagas null where the application has none
   */
  EvenkeelHealthIndicator(AllReadings readings, @Nullable SagaReadings sagas) {
    super("The outbox's health could not be read");
    this.readings = readings;
    this.sagas = sagas;
  }

  @Override
  protected void doHealthCheck(Health.Builder builder) {
    Set<String> notUp = new TreeSet<>();
    Status worst = Status.OUT_OF_SERVICE;
    for (OutboxReadings installation : readings.all()) {
      Status status = status(installation.status());
      if (!status.equals(Status.UP)) {
        notUp.add(installation.installation());
      }
      if (status.equals(Status.DOWN)) {
        worst = status;
      }
    }
    builder.status(Degradation.of(readings.all().size(), notUp, worst));
    if (readings.all().size() == 1) {
      builder.withDetails(details(readings.all().get(0)));
    } else {
      for (OutboxReadings installation : readings.all()) {
        builder.withDetail(installation.installation(), details(installation));
      }
    }
  }

  private Map<String, Object> details(OutboxReadings readings) {
    Map<String, Object> details = new LinkedHashMap<>();
    RelayStatus relay = readings.status();
    if (relay == null) {
      details.put("state", "DISABLED");
    } else {
      details.put("state", relay.state().name());
      details.put("node", relay.node());
      details.put("epoch", relay.epoch());
      details.put("leader", relay.leader() == null ? "none" : relay.leader());
      if (!relay.choice().isEmpty()) {
        details.put("mode", relay.choice());
      }
      details.put("inFlight", relay.inFlight());
      details.put("gaps", relay.gaps());
      details.put("findings", relay.findings().stream().map(RelayFinding::toString).toList());
    }
    RelayStatus.Lag lag = readings.lag();
    if (lag != null) {
      details.put("retainedWalBytes", lag.retainedBytes());
      details.put("oldestUnpublished", lag.oldestUnpublished().toString());
      details.put("lastGaps", lag.gaps().stream().map(EvenkeelHealthIndicator::gap).toList());
    }
    ParkedMessages.Counts counts = readings.counts();
    if (counts != null) {
      details.put("parkedKeys", counts.keys());
      details.put("deadLetters", counts.dead());
    }
    SagaCounts live = sagas == null ? null : sagas.counts(readings.installation());
    if (live != null) {
      details.put("stuckSagas", live.stuck());
    }
    List<String> sagaFindings = sagas == null ? List.of() : sagas.findings(readings.installation());
    if (!sagaFindings.isEmpty()) {
      details.put("sagaFindings", sagaFindings);
    }
    return details;
  }

  /** What happened and what was done about it. */
  private static Map<String, Object> gap(RelayStatus.Gap gap) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("recognisedAt", gap.recognisedAt().toString());
    shown.put("node", gap.node());
    shown.put("gap", gap.what());
    shown.put("repairedAt", gap.repairedAt() == null ? "not yet" : gap.repairedAt().toString());
    shown.put("repair", gap.repair() == null ? "" : gap.repair());
    return shown;
  }

  static Status status(@Nullable RelayStatus relay) {
    if (relay == null) {
      return Status.UP; // this process has no relay
    }
    if (relay.state() == RelayState.STOPPED) {
      return Status.OUT_OF_SERVICE;
    }
    boolean anotherLeads = !relay.state().leads() && relay.leader() != null;
    boolean broken = relay.findings().stream().anyMatch(RelayFinding::broken);
    return !broken || anotherLeads ? Status.UP : Status.DOWN;
  }
}
