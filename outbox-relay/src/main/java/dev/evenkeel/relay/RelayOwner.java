package dev.evenkeel.relay;

import java.util.Locale;

/** Who relays an installation's messages, as {@code relay_state.mode} has it. */
enum RelayOwner {
  /** Debezium in the leader's process. */
  EMBEDDED,
  /** The leader, by reading the outbox. */
  POLLING,
  /** Debezium in Kafka Connect; the leader watches. */
  CONNECT;

  /** As it is stored. */
  String stored() {
    return name().toLowerCase(Locale.ROOT);
  }

  static RelayOwner of(String stored) {
    return valueOf(stored.toUpperCase(Locale.ROOT));
  }
}
