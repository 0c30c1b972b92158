package dev.evenkeel.autoconfigure.sagas;

import dev.evenkeel.outbox.OutboxEvent;

/** Somebody wants a transfer. */
@OutboxEvent(type = "transfer-requested", aggregateType = "transfer", key = "id")
record TransferRequested(String id, String from, String to, String auditor) {}
