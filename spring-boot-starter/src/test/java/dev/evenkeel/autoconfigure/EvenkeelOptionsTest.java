package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.relay.RelayOptions;
import dev.evenkeel.saga.SagaOptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class EvenkeelOptionsTest {

  private static EvenkeelProperties bind(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("evenkeel", EvenkeelProperties.class);
  }

  private static EvenkeelOptions options(String... namesAndValues) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      values.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return EvenkeelOptions.of(bind(values), "orders", "node-1", true);
  }

  @Test
  void propertiesBoundFromNothingAreTheDefaultsOfTheOptions() {
    EvenkeelOptions options = options();

    assertThat(options.migration()).isEqualTo(new SchemaMigration("evenkeel"));
    assertThat(options.outbox()).isEqualTo(OutboxOptions.defaults());
    assertThat(options.inbox()).isEqualTo(InboxOptions.defaults());
    assertThat(options.lanes()).isEqualTo(LaneOptions.defaults());
    assertThat(options.relay()).isEqualTo(RelayOptions.defaults("evenkeel", "node-1"));
    assertThat(EvenkeelOptions.of(bind(Map.of()), "application", "node-1", true).saga())
        .isEqualTo(SagaOptions.defaults("evenkeel", "node-1"));
    assertThat(options.saga().service()).as("the application's name").isEqualTo("orders");
    assertThat(options.retired()).isEmpty();
  }

  @Test
  void everySwitchIsOnByDefault() {
    EvenkeelProperties properties = bind(Map.of());

    assertThat(properties.enabled()).isTrue();
    assertThat(properties.migration().enabled()).isTrue();
    assertThat(properties.relay().enabled()).isTrue();
    assertThat(properties.saga().enabled()).isTrue();
  }

  @Test
  void schemaReachesEveryModule() {
    EvenkeelOptions options = options("evenkeel.schema", "orders_outbox");

    assertThat(
            List.of(
                options.migration().schema(),
                options.outbox().schema(),
                options.inbox().schema(),
                options.relay().schema(),
                options.saga().schema()))
        .containsOnly("orders_outbox");
  }

  @Test
  void windowAndTimeoutReachBothTheirUsers() {
    EvenkeelOptions options =
        options("evenkeel.inbox.window", "3d", "evenkeel.inbox.handler-timeout", "2s");

    assertThat(options.inbox().window()).isEqualTo(options.relay().janitor().inboxWindow());
    assertThat(options.inbox().handlerTimeout()).isEqualTo(options.lanes().handlerTimeout());
  }

  @ParameterizedTest
  @CsvSource({
    "evenkeel.schema, Bad-Name",
    "evenkeel.migration.application-role, a'b",
    "evenkeel.migration.relay-role, a'b",
    "evenkeel.outbox.max-payload, 65MB",
    "evenkeel.outbox.max-payload, 4GB",
    "evenkeel.outbox.claim-check.threshold, -1B",
    "evenkeel.outbox.retention, 31d",
    "evenkeel.inbox.window, 0s",
    "evenkeel.inbox.handler-timeout, 6m",
    "evenkeel.inbox.lanes, 0",
    "evenkeel.inbox.outage-budget, 6m",
    "evenkeel.inbox.retry.in-memory-attempts, 0",
    "evenkeel.inbox.retry.in-memory-budget, 2m",
    "evenkeel.inbox.retry.max-attempts, 1001",
    "evenkeel.inbox.retry.first-backoff, 2h",
    "evenkeel.inbox.retry.max-backoff, 100ms",
    "evenkeel.relay.lease, 1s",
    "evenkeel.relay.contend-interval, 2m",
    "evenkeel.relay.heartbeat-interval, 4s",
    "evenkeel.relay.poll-interval, 2s",
    "evenkeel.relay.max-in-flight, 0",
    "evenkeel.relay.max-in-flight-bytes, 1KB",
    "evenkeel.relay.drain-timeout, 6m",
    "evenkeel.saga.concurrency, 0",
    "evenkeel.saga.max-active, 1000001",
    "evenkeel.saga.lease, 999ms",
    "evenkeel.saga.poll, 11s",
    "evenkeel.saga.stuck-after, 0",
    "evenkeel.saga.retention, 3651d",
    "evenkeel.saga.key-retention, -1s",
    "evenkeel.saga.signal-retention, 3651d",
    "evenkeel.saga.max-payload, 0B",
    "evenkeel.saga.max-payload, 4GB",
    "evenkeel.janitor.interval, 2h"
  })
  void valueOutOfRangeIsRefusedByASentenceThatNamesIt(String property, String value) {
    assertThatExceptionOfType(EvenkeelConfigurationException.class)
        .isThrownBy(() -> options(property, value))
        .withMessageStartingWith(property + " must ")
        .withMessageContaining(", was ");
  }

  @Test
  void messagesMayBeInTheWalAlone() {
    assertThat(options("evenkeel.outbox.storage", "wal").outbox().storage())
        .isEqualTo(OutboxStorage.WAL);
    assertThat(options("evenkeel.outbox.storage", "table").outbox().storage())
        .isEqualTo(OutboxStorage.TABLE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"polling", "auto", "connect"})
  void messagesWithoutRowsNeedARelayThatReadsTheWal(String mode) {
    assertThatExceptionOfType(EvenkeelConfigurationException.class)
        .isThrownBy(() -> options("evenkeel.outbox.storage", "wal", "evenkeel.relay.mode", mode))
        .withMessageStartingWith(
            "evenkeel.outbox.storage=wal needs evenkeel.relay.mode=cdc, was " + mode);
  }

  @Test
  void claimCheckIsOffWithoutAThreshold() {
    assertThat(options("evenkeel.outbox.claim-check.max-payload", "32MB").outbox().claimCheck())
        .isNull();
    assertThat(options("evenkeel.outbox.claim-check.threshold", "64KB").outbox().claimCheck())
        .isEqualTo(new OutboxOptions.ClaimCheckOptions(64 * 1024, 16 * 1024 * 1024));
  }

  @Test
  void sizesOfTheClaimCheckMustFitTogether() {
    assertThatExceptionOfType(EvenkeelConfigurationException.class)
        .isThrownBy(() -> options("evenkeel.outbox.claim-check.threshold", "2MB"))
        .withMessageContaining("must not be above evenkeel.outbox.max-payload");
    assertThatExceptionOfType(EvenkeelConfigurationException.class)
        .isThrownBy(
            () ->
                options(
                    "evenkeel.outbox.claim-check.threshold",
                    "64KB",
                    "evenkeel.outbox.claim-check.max-payload",
                    "65MB"))
        .withMessageContaining("evenkeel.outbox.claim-check.max-payload must be between");
  }

  @Test
  void handlerTimeoutMustLeaveRoomBelowTheLease() {
    assertThatExceptionOfType(EvenkeelConfigurationException.class)
        .isThrownBy(() -> options("evenkeel.inbox.handler-timeout", "9s"))
        .withMessageContaining("must be at least PT1.5S below evenkeel.relay.lease")
        .withMessageContaining("it was PT9S with a lease of PT10S")
        .withMessageContaining("lengthen the lease");

    assertThat(options("evenkeel.inbox.handler-timeout", "8500ms").lanes().handlerTimeout())
        .hasMillis(8_500);
  }

  @Test
  void nodeNamesAreUniqueAndSayWhereTheProcessRuns() {
    String first = NodeName.of("orders");

    assertThat(first)
        .startsWith("orders@")
        .contains("-" + ProcessHandle.current().pid() + "-")
        .isNotEqualTo(NodeName.of("orders"));
  }
}
