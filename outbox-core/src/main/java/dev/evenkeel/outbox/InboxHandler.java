package dev.evenkeel.outbox;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a bean's method that handles messages. It runs in one transaction with its inbox row, so
 * its database effects happen once however often the message is delivered; what it does elsewhere
 * can happen again.
 *
 * <p>The method takes the event (a record with {@link OutboxEvent}), or an {@link OutboxMessage}
 * with {@link #types()} named, or both in this order. Messages of one order key come one after the
 * other, in commit order; different keys and different consumers run in parallel.
 *
 * <pre>{@code
 * @InboxHandler(consumer = "customer-summary")
 * void on(OrderPlaced event) { ... }
 * }</pre>
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface InboxHandler {

  /**
   * Name of the consumer, stable for ever: the inbox remembers messages by it. Methods that share
   * it share the order and the parked keys.
   */
  String consumer();

  /**
   * Logical types, for a method that takes only the {@link OutboxMessage}; every version of each.
   */
  String[] types() default {};

  /**
   * Property path in the event to the shard key of the handler's effects, such as {@code
   * customerId}: the handler runs in a transaction on that key's shard, wherever the event comes
   * from. Empty: the slot of the transaction that appended the event. Without shards it is read,
   * and changes nothing. Not for methods that take only the {@link OutboxMessage}.
   */
  String shardKey() default "";

  /**
   * What turns the {@link #shardKey()} into a slot: {@code hash}, or another strategy that the
   * application's {@code @Sharded} methods name for the same key, such as {@code carried}. Changing
   * key or strategy moves the inbox rows of messages to come, so a message that was handled before
   * and comes again is handled again.
   */
  String shardStrategy() default "hash";

  /**
   * What a message that can't be handled means for the later ones of its key. It holds for the
   * consumer, so it suffices to say it at one of its methods; two that differ are refused.
   */
  DeadLetterPolicy onDeadLetter() default DeadLetterPolicy.DEFAULT;
}
