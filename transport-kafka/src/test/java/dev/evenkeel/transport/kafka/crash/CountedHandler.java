package dev.evenkeel.transport.kafka.crash;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.OutboxMessage;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Notes the attempt outside the transaction, then takes effect inside it. Some messages fail after
 * that, as often as it takes for them to be parked.
 */
final class CountedHandler {

  static final int FAILURES = 2;

  private final BusinessTables tables;
  private final Journal journal;
  private final String node;
  private final Map<UUID, Integer> failures = new ConcurrentHashMap<>();

  CountedHandler(BusinessTables tables, Journal journal, String node) {
    this.tables = tables;
    this.journal = journal;
    this.node = node;
  }

  @InboxHandler(consumer = "effects")
  void on(Counted event, OutboxMessage message) {
    journal.message(Journal.Kind.ATTEMPT, node, event);
    tables.takeEffect(message.id(), event);
    if (event.stumbles() && failures.merge(message.id(), 1, Integer::sum) <= FAILURES) {
      throw new IllegalStateException("stumbles");
    }
  }
}
