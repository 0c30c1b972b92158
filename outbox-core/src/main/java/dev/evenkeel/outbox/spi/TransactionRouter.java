package dev.evenkeel.outbox.spi;

import dev.evenkeel.outbox.OutboxMessage;
import org.jspecify.annotations.Nullable;

/** Decides in which database a handler's effects, and with them its inbox row, happen. */
@FunctionalInterface
public interface TransactionRouter {

  /**
   * The place of the effects. A pure function of its arguments: a message that is delivered again
   * must reach the same inbox.
   *
   * @param shardKey what the handler's {@link dev.evenkeel.outbox.InboxHandler#shardKey()} found in
   *     the event; null when it names none
   */
  TransactionTarget route(String consumer, OutboxMessage message, @Nullable ShardKey shardKey);
}
