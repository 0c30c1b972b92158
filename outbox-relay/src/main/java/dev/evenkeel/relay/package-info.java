/**
 * Publishes the outbox from the WAL, in commit order, through an embedded Debezium engine, and
 * delivers to handlers of this process.
 *
 * <p>One relay per installation leads; the others stand by. The replication slot is the only
 * position to resume from; {@code relay_state} holds a witness of it, so that a replication slot
 * that somebody dropped and made again is a gap that is noticed and repaired from the ring.
 *
 * <p>The way in: {@link dev.evenkeel.relay.Relay} (supervision by one state machine, {@link
 * dev.evenkeel.relay.RelayState}) → lease → replication slot → reconciliation → stream → transport.
 * {@link dev.evenkeel.relay.InProcessTransport} holds the lanes.
 */
@NullMarked
package dev.evenkeel.relay;

import org.jspecify.annotations.NullMarked;
