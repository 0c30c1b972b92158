package dev.evenkeel.autoconfigure;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.relay.DoctorOptions;
import dev.evenkeel.relay.JanitorOptions;
import dev.evenkeel.relay.PollingOptions;
import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.relay.RelayOptions;
import dev.evenkeel.saga.SagaOptions;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.springframework.util.unit.DataSize;

/**
 * The properties as the modules want them, checked one by one and against each other. Made before
 * the database is touched, so that a bad value changes nothing.
 */
record EvenkeelOptions(
    SchemaMigration migration,
    OutboxOptions outbox,
    InboxOptions inbox,
    LaneOptions lanes,
    RelayOptions relay,
    SagaOptions saga,
    List<String> retired) {

  /**
   * What the lease must leave after a handler's timeout: its session ends itself 1 s later
   * (idle_in_transaction_session_timeout), and that has to have happened before somebody else
   * leads.
   */
  static final Duration HANDLER_MARGIN = Duration.ofMillis(1_500);

  /**
   * Converts and checks.
   *
   * @param application its name
   * @param defaultNode name of this process where none is set
   * @param virtualThreads whether the application wants virtual threads
   * @throws EvenkeelConfigurationException with the sentence of the first bad value
   */
  static EvenkeelOptions of(
      EvenkeelProperties properties,
      String application,
      String defaultNode,
      boolean virtualThreads) {
    try {
      return convert(properties, application, defaultNode, virtualThreads);
    } catch (IllegalArgumentException e) {
      throw new EvenkeelConfigurationException(String.valueOf(e.getMessage()), e);
    }
  }

  private static EvenkeelOptions convert(
      EvenkeelProperties properties,
      String application,
      String defaultNode,
      boolean virtualThreads) {
    String schema = properties.schema();
    SchemaMigration migration =
        new SchemaMigration(
            schema,
            properties.migration().applicationRole(),
            properties.migration().relayRole(),
            relays(properties, RelayMode.POLLING) || relays(properties, RelayMode.AUTO));
    EvenkeelProperties.Inbox inbox = properties.inbox();
    JanitorOptions janitor =
        new JanitorOptions(
            properties.janitor().interval(), properties.outbox().retention(), inbox.window());
    LaneOptions lanes = lanes(inbox);
    RelayOptions relay = relay(schema, properties.relay(), defaultNode, janitor);
    requireBelowLease(lanes.handlerTimeout(), relay.lease());
    requireWalReader(properties.outbox().storage(), relay.mode());
    return new EvenkeelOptions(
        migration,
        outbox(schema, properties.outbox()),
        new InboxOptions(schema, inbox.window(), inbox.handlerTimeout(), inbox.commit()),
        lanes,
        relay,
        saga(schema, relay.node(), application, properties.saga(), virtualThreads),
        List.copyOf(inbox.retired()));
  }

  private static void requireWalReader(OutboxStorage storage, RelayMode mode) {
    if (storage == OutboxStorage.WAL && mode != RelayMode.CDC) {
      throw new IllegalArgumentException(
          "evenkeel.outbox.storage=wal needs evenkeel.relay.mode=cdc, was %s: other relays read rows, and there are none; set the mode to cdc or the storage to table"
              .formatted(mode.name().toLowerCase(Locale.ROOT)));
    }
  }

  private static OutboxOptions outbox(String schema, EvenkeelProperties.Outbox outbox) {
    DataSize threshold = outbox.claimCheck().threshold();
    return new OutboxOptions(
        schema,
        bytes(outbox.maxPayload().toBytes()),
        threshold == null
            ? null
            : new OutboxOptions.ClaimCheckOptions(
                bytes(threshold.toBytes()), bytes(outbox.claimCheck().maxPayload().toBytes())),
        outbox.storage());
  }

  private static LaneOptions lanes(EvenkeelProperties.Inbox inbox) {
    EvenkeelProperties.Retry retry = inbox.retry();
    return new LaneOptions(
        inbox.lanes(),
        retry.inMemoryAttempts(),
        retry.inMemoryBudget(),
        retry.maxAttempts(),
        retry.firstBackoff(),
        retry.maxBackoff(),
        inbox.outageBudget(),
        inbox.handlerTimeout());
  }

  private static RelayOptions relay(
      String schema, EvenkeelProperties.Relay relay, String defaultNode, JanitorOptions janitor) {
    return new RelayOptions(
        schema,
        relay.node() == null || relay.node().isBlank() ? defaultNode : relay.node(),
        relay.lease(),
        relay.contendInterval(),
        relay.heartbeatInterval(),
        relay.pollInterval(),
        relay.maxInFlight(),
        relay.maxInFlightBytes().toBytes(),
        relay.drainTimeout(),
        janitor,
        relay.mode(),
        new PollingOptions(relay.polling().minInterval(), relay.polling().maxInterval()),
        new DoctorOptions(relay.doctor().retainedWal().toBytes(), relay.doctor().retainedShare()));
  }

  private static boolean relays(EvenkeelProperties properties, RelayMode mode) {
    return properties.relay().mode() == mode;
  }

  private static SagaOptions saga(
      String schema,
      String node,
      String application,
      EvenkeelProperties.Saga saga,
      boolean virtualThreads) {
    String service = saga.service();
    return new SagaOptions(
        schema,
        node,
        service != null ? service : application.replaceAll("[^a-zA-Z0-9._-]", "-"),
        saga.remoteParticipants(),
        saga.concurrency(),
        saga.maxActive(),
        saga.lease(),
        saga.poll(),
        saga.stuckAfter(),
        saga.retention(),
        saga.keyRetention(),
        saga.signalRetention(),
        bytes(saga.maxPayload().toBytes()),
        virtualThreads);
  }

  /** A size that is no int is out of every range; the options record refuses the nearest int. */
  private static int bytes(long bytes) {
    return (int) Math.max(Integer.MIN_VALUE, Math.min(bytes, Integer.MAX_VALUE));
  }

  private static void requireBelowLease(Duration handlerTimeout, Duration lease) {
    if (handlerTimeout.plus(HANDLER_MARGIN).compareTo(lease) > 0) {
      throw new IllegalArgumentException(
          ("evenkeel.inbox.handler-timeout must be at least %s below evenkeel.relay.lease, so that a"
                  + " handler has ended before another process leads; it was %s with a lease of %s:"
                  + " shorten the timeout or lengthen the lease")
              .formatted(HANDLER_MARGIN, handlerTimeout, lease));
    }
  }

  String schema() {
    return migration.schema();
  }
}
