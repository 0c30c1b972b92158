package dev.evenkeel.shard;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Routes a bean's method: its transaction goes to the shard of the key, and to no other. On a class
 * it holds for every public method. Put it beside {@code @Transactional}: the shard is chosen
 * before the transaction begins.
 *
 * <pre>{@code
 * @Sharded(key = "order.customerId")
 * @Transactional
 * void place(PlaceOrder order) { ... }
 * }</pre>
 *
 * <p>Like {@code @Transactional} it works for calls from other beans: a call of the same object's
 * method is not routed and stays where its caller is.
 *
 * <p>Inside a routed transaction another slot can't be reached, not even by {@code REQUIRES_NEW}:
 * two databases do not commit together. Work that spans slots is a saga, or an event and its
 * handler.
 */
@Documented
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface Sharded {

  /**
   * Property path to the shard key. The first step names a parameter, such as {@code customerId} or
   * {@code order.customerId}; or, where no parameter has that name, a property that exactly one
   * parameter has. A path, not code. Null and blank values are refused.
   */
  String key();

  /**
   * Name of the {@link SlotStrategy} that turns the key into a slot: {@link SlotStrategy#HASH},
   * {@link SlotStrategy#CARRIED}, one of the slot map's directories and ranges, or a bean's name.
   */
  String strategy() default SlotStrategy.HASH;

  /**
   * Where a read-only transaction reads. With {@link ReadFrom#REPLICA} it may see the past, not
   * even its caller's own writes; a transaction that is not read-only is refused.
   */
  ReadFrom readFrom() default ReadFrom.PRIMARY;
}
