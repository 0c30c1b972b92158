package dev.evenkeel.outbox;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a record whose instances are outbox messages when published as Spring application events or
 * given to {@link Outbox#append(Object)}.
 *
 * <pre>{@code
 * @OutboxEvent(type = "order-placed", aggregateType = "order", key = "orderId")
 * record OrderPlaced(UUID orderId, long customerId, BigDecimal total) {}
 * }</pre>
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface OutboxEvent {

  /** Logical name, stable for ever; a class may be renamed, its type may not. Not blank. */
  String type();

  /** Version of the payload's form, from 1. Two classes for one type and version are refused. */
  int version() default 1;

  /** The kind of thing the event is about; order is kept per (aggregate type, key). Not blank. */
  String aggregateType();

  /**
   * Property path to the aggregate's id, such as {@code orderId} or {@code customer.id}. The
   * value's {@code toString()} is the key; null and blank are refused at append.
   */
  String key();
}
