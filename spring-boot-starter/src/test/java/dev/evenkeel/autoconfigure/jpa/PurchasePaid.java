package dev.evenkeel.autoconfigure.jpa;

import dev.evenkeel.outbox.OutboxEvent;
import java.util.UUID;

@OutboxEvent(type = "purchase-paid", aggregateType = "purchase", key = "purchaseId")
record PurchasePaid(UUID purchaseId) {}
