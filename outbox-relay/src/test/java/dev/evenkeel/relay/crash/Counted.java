package dev.evenkeel.relay.crash;

import dev.evenkeel.outbox.OutboxEvent;

/** Announces that the state of a key has reached a version. */
@OutboxEvent(type = "counted", aggregateType = "counter", key = "key")
record Counted(String key, long version) {}
