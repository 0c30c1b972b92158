package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.ParkedStore;

/** What works on one database: everything that exists once per shard. */
record Installation(
    InstallationDatabase database,
    ParkedStore parked,
    ConsumerRegistry registry,
    InboxReceiver receiver) {

  String name() {
    return database.name();
  }
}
