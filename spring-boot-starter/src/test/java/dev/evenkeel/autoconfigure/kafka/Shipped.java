package dev.evenkeel.autoconfigure.kafka;

import dev.evenkeel.outbox.OutboxEvent;

@OutboxEvent(type = "shipped", aggregateType = "parcel", key = "parcel")
record Shipped(String parcel, int number) {}
