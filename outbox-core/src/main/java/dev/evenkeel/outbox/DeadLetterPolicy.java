package dev.evenkeel.outbox;

/** What a dead letter of a consumer means for the later messages of its key. */
public enum DeadLetterPolicy {
  /** As {@code evenkeel.inbox.dead-letter-policy} says, which is {@link #BLOCK} by default. */
  DEFAULT,
  /** They wait until somebody retries or discards it: order holds for every message. */
  BLOCK,
  /**
   * It is set aside and they flow on. A retried one is handled after messages that were appended
   * later, so the consumer must bear that: order holds only between messages that were never dead.
   * Messages of unknown type block all the same, because no consumer is known to bear it.
   */
  SKIP
}
