package dev.evenkeel.relay;

import dev.evenkeel.outbox.Checks;
import java.time.Duration;

/**
 * Settings of a relay.
 *
 * @param schema the installation's schema
 * @param node name of this process in logs and in {@code relay_state}; unique per process
 * @param lease how long a leader may be silent before others take over, 2 s to 10 min; default 10 s
 * @param contend how often others look, 50 ms to 1 min; default 500 ms
 * @param heartbeat how often a heartbeat is written, a witness committed and a position confirmed,
 *     50 ms to 10 s, at most a third of the lease; default 1 s
 * @param pollInterval how long Debezium waits for the next record, 1 ms to 1 s; default 2 ms
 * @param maxInFlight most messages sent and not acknowledged, 1 to 1,000,000; default 8,192
 * @param maxInFlightBytes most bytes of those, 1 MiB to 1 GiB; default 32 MiB; a larger single
 *     message passes alone
 * @param drain how long a stop waits for messages under way, up to 5 min; default 10 s
 * @param janitor truncation of the rings
 * @param mode who relays; default {@link RelayMode#CDC}
 * @param polling how often it looks where it polls
 * @param doctor when retained WAL is worth a warning
 */
public record RelayOptions(
    String schema,
    String node,
    Duration lease,
    Duration contend,
    Duration heartbeat,
    Duration pollInterval,
    int maxInFlight,
    long maxInFlightBytes,
    Duration drain,
    JanitorOptions janitor,
    RelayMode mode,
    PollingOptions polling,
    DoctorOptions doctor) {

  /** Reads the WAL. */
  public RelayOptions(
      String schema,
      String node,
      Duration lease,
      Duration contend,
      Duration heartbeat,
      Duration pollInterval,
      int maxInFlight,
      long maxInFlightBytes,
      Duration drain,
      JanitorOptions janitor) {
    this(
        schema,
        node,
        lease,
        contend,
        heartbeat,
        pollInterval,
        maxInFlight,
        maxInFlightBytes,
        drain,
        janitor,
        RelayMode.CDC,
        PollingOptions.defaults(),
        DoctorOptions.defaults());
  }

  public RelayOptions {
    Checks.range("evenkeel.relay.lease", lease, Duration.ofSeconds(2), Duration.ofMinutes(10));
    Checks.range(
        "evenkeel.relay.contend-interval", contend, Duration.ofMillis(50), Duration.ofMinutes(1));
    Checks.range(
        "evenkeel.relay.heartbeat-interval",
        heartbeat,
        Duration.ofMillis(50),
        lease.dividedBy(3).compareTo(Duration.ofSeconds(10)) < 0
            ? lease.dividedBy(3)
            : Duration.ofSeconds(10));
    Checks.range(
        "evenkeel.relay.poll-interval", pollInterval, Duration.ofMillis(1), Duration.ofSeconds(1));
    Checks.range("evenkeel.relay.max-in-flight", maxInFlight, 1, 1_000_000);
    Checks.range("evenkeel.relay.max-in-flight-bytes", maxInFlightBytes, 1L << 20, 1L << 30);
    Checks.range("evenkeel.relay.drain-timeout", drain, Duration.ZERO, Duration.ofMinutes(5));
  }

  /** The same with another mode. */
  public RelayOptions withMode(RelayMode newMode) {
    return with(newMode, polling, doctor);
  }

  /** The same with other pauses of polling. */
  public RelayOptions withPolling(PollingOptions newPolling) {
    return with(mode, newPolling, doctor);
  }

  /** The same with another doctor. */
  public RelayOptions withDoctor(DoctorOptions newDoctor) {
    return with(mode, polling, newDoctor);
  }

  private RelayOptions with(RelayMode newMode, PollingOptions newPolling, DoctorOptions newDoctor) {
    return new RelayOptions(
        schema,
        node,
        lease,
        contend,
        heartbeat,
        pollInterval,
        maxInFlight,
        maxInFlightBytes,
        drain,
        janitor,
        newMode,
        newPolling,
        newDoctor);
  }

  /** The defaults. */
  public static RelayOptions defaults(String schema, String node) {
    return new RelayOptions(
        schema,
        node,
        Duration.ofSeconds(10),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2),
        8_192,
        32L << 20,
        Duration.ofSeconds(10),
        JanitorOptions.defaults());
  }
}
