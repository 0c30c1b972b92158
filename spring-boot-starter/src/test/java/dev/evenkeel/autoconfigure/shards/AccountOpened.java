package dev.evenkeel.autoconfigure.shards;

import dev.evenkeel.outbox.OutboxEvent;

/** An account was opened, and another one recommended it. */
@OutboxEvent(type = "account-opened", aggregateType = "account", key = "accountId")
record AccountOpened(long accountId, long recommendedBy) {}
