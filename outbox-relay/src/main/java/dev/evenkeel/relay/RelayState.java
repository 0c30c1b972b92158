package dev.evenkeel.relay;

import java.util.Map;
import java.util.Set;

/** States of a relay, and every legal move between them. */
public enum RelayState {
  /** Not started, or stopped. */
  STOPPED,
  /** Another process leads, or should, or this one may not; looks again every {@code contend}. */
  STANDBY,
  /** Leads; checks the database and makes the replication slot. */
  PREPARING,
  /** Leads; sends from the ring what the old position does not cover. */
  RECONCILING,
  /** Leads; sends what the WAL brings. */
  STREAMING,
  /** Leads; sends what it reads from the outbox, because the WAL can't be read here. */
  POLLING,
  /** Leads; Kafka Connect sends, this one watches the replication slot. */
  WATCHING,
  /** Leads still; sends nothing new and waits for what is under way. */
  DRAINING;

  private static final Map<RelayState, Set<RelayState>> MOVES =
      Map.of(
          STOPPED, Set.of(STANDBY),
          STANDBY, Set.of(PREPARING, STOPPED),
          PREPARING, Set.of(RECONCILING, STREAMING, POLLING, WATCHING, STANDBY, STOPPED),
          RECONCILING, Set.of(STREAMING, POLLING, WATCHING, STANDBY, STOPPED),
          STREAMING, Set.of(DRAINING, STANDBY, STOPPED),
          POLLING, Set.of(DRAINING, STANDBY, STOPPED),
          WATCHING, Set.of(STANDBY, STOPPED),
          DRAINING, Set.of(STANDBY, STOPPED));

  /** Whether the move is legal. */
  boolean mayBecome(RelayState next) {
    return MOVES.getOrDefault(this, Set.of()).contains(next);
  }

  /** Whether this process leads. */
  public boolean leads() {
    return this != STOPPED && this != STANDBY;
  }
}
