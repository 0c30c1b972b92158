package dev.evenkeel.autoconfigure.jpa;

import dev.evenkeel.outbox.OutboxEvent;
import java.util.UUID;

/** Nobody handles it. */
@OutboxEvent(type = "purchase-updated", aggregateType = "purchase", key = "purchaseId")
record PurchaseUpdated(UUID purchaseId) {}
