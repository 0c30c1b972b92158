package dev.evenkeel.testing;

import dev.evenkeel.outbox.OutboxMessage;

/**
 * A committed row of the outbox.
 *
 * @param position place in the outbox; for one order key in commit order
 * @param transactionId the writing transaction's id
 * @param bucket partition
 * @param slot hash slot of the key
 * @param message the rest of the row
 */
public record OutboxRow(
    long position, long transactionId, int bucket, int slot, OutboxMessage message) {}
