package dev.evenkeel.outbox.spi;

import dev.evenkeel.outbox.OutboxMessage;

/** Decides in which database a handler's effects, and with them its inbox row, happen. */
@FunctionalInterface
public interface TransactionRouter {

  /**
   * The place of the effects. A pure function of its arguments: a message that is delivered again
   * must reach the same inbox.
   */
  TransactionTarget route(String consumer, OutboxMessage message);
}
