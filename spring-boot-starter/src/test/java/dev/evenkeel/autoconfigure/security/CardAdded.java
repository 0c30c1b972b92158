package dev.evenkeel.autoconfigure.security;

import dev.evenkeel.outbox.OutboxEvent;

/**
 * An event that nobody may read in a log.
 *
 * @param id of no secrecy: keys and ids are logged
 */
@OutboxEvent(type = "card-added", aggregateType = "card", key = "id")
record CardAdded(String id, String number) {}
