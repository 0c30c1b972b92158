package dev.evenkeel.autoconfigure.jdbc;

import dev.evenkeel.outbox.OutboxEvent;

@OutboxEvent(type = "noted", version = 2, aggregateType = "note", key = "id")
record NotedBy(String id, String author) {}
