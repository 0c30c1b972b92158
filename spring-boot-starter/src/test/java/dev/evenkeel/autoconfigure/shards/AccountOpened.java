package dev.evenkeel.autoconfigure.shards;

import dev.evenkeel.outbox.OutboxEvent;
import java.util.UUID;

/** An account was opened, and another one recommended it; the receipt carries that one's slot. */
@OutboxEvent(type = "account-opened", aggregateType = "account", key = "accountId")
record AccountOpened(long accountId, long recommendedBy, UUID receipt) {}
