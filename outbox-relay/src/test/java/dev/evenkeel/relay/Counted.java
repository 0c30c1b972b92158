package dev.evenkeel.relay;

import dev.evenkeel.outbox.OutboxEvent;

/** The event of most tests: a key and its version. */
@OutboxEvent(type = "counted", aggregateType = "counter", key = "key")
record Counted(String key, long version) {}
