package dev.evenkeel.autoconfigure.jpa;

import dev.evenkeel.outbox.OutboxEvent;
import java.util.UUID;

@OutboxEvent(type = "purchase-placed", aggregateType = "purchase", key = "purchaseId")
record PurchasePlaced(UUID purchaseId) {}
