package dev.evenkeel.relay;

import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/**
 * The row of {@code relay_state}.
 *
 * @param owner who relays
 * @param epoch number of the present term
 * @param leader node that leads or led
 * @param expired whether the lease has run out by the database's clock
 * @param registryVersion raised by each change of the consumers' registry
 * @param systemIdentifier the cluster that the witness was written on
 * @param timeline of that cluster when the witness was written; 0 when it is not known
 * @param witness position that was about to be confirmed; the replication slot is never beyond it
 * @param reconciling whether a reconciliation is under way
 * @param published H: what counts as published
 * @param polled how far a polling relay has come in the window after H; null: no row of it is known
 *     to be acknowledged
 */
record RelayRow(
    RelayOwner owner,
    long epoch,
    @Nullable String leader,
    boolean expired,
    long registryVersion,
    @Nullable String systemIdentifier,
    long timeline,
    @Nullable LogSequenceNumber witness,
    boolean reconciling,
    @Nullable PgSnapshot published,
    @Nullable RingPosition polled) {}
