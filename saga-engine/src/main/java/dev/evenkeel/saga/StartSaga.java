package dev.evenkeel.saga;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Starts the saga when an outbox event arrives: on a method of the saga's bean that makes the
 * command of the event. The start and the inbox row commit together, so one event starts one
 * instance.
 *
 * <pre>{@code
 * @StartSaga(on = OrderRequested.class)
 * PlaceOrder from(OrderRequested event) { ... }
 * }</pre>
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface StartSaga {

  /** The event's class, one with {@code @OutboxEvent}; the method's only parameter. */
  Class<?> on();

  /**
   * Property path in the event to the shard key of the saga's home shard; empty for the path that
   * the saga has in its command.
   */
  String shardKey() default "";
}
