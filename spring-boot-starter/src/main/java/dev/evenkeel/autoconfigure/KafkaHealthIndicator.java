package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.transport.kafka.KafkaInboxStatus;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * Whether Kafka takes and brings messages. DEGRADED with findings: what waits is safe, and
 * restarting this process does not bring the broker back. Asks nobody.
 */
final class KafkaHealthIndicator extends AbstractHealthIndicator {

  private final ObjectProvider<Transport> transport;
  private final @Nullable KafkaInboxLifecycle inbox;

  /**
   * Makes the indicator.
   *
   * @param inbox null where this process does not receive
   */
  KafkaHealthIndicator(ObjectProvider<Transport> transport, @Nullable KafkaInboxLifecycle inbox) {
    super("The health of Kafka could not be read");
    this.transport = transport;
    this.inbox = inbox;
  }

  @Override
  protected void doHealthCheck(Health.Builder builder) {
    List<String> findings = new ArrayList<>();
    transport.ifAvailable(kafka -> findings.addAll(kafka.findings()));
    if (inbox != null) {
      KafkaInboxStatus status = inbox.status();
      findings.addAll(status.findings());
      builder.withDetail("partitions", status.partitions());
    }
    builder.status(
        findings.isEmpty()
            ? Status.UP
            : new Status(Degradation.DEGRADED, String.join("; ", findings)));
    builder.withDetail("findings", findings);
  }
}
