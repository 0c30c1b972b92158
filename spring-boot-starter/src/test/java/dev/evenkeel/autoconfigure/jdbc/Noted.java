package dev.evenkeel.autoconfigure.jdbc;

import dev.evenkeel.outbox.OutboxEvent;

@OutboxEvent(type = "noted", aggregateType = "note", key = "id")
record Noted(String id) {}
