package dev.evenkeel.autoconfigure.sagas;

import dev.evenkeel.outbox.OutboxEvent;

/** A transfer can't be undone any more. */
@OutboxEvent(type = "transfer-booked", aggregateType = "transfer", key = "id")
record TransferBooked(String id) {}
