package dev.evenkeel.shard.guard;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Exempts a method, or everything in a class, from the dual-write guard: while it is on the call
 * stack, nothing is warned of, refused or counted. It is looked for on the stack, not on beans, so
 * it also works for private methods and for calls within one object; a lambda that runs elsewhere
 * is not on the stack of the method that wrote it.
 *
 * <pre>{@code
 * @DualWriteAllowed(because = "an idempotent cache refresh; losing it costs one miss")
 * private void refreshPrices() { ... }
 * }</pre>
 */
@Documented
@Target({ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface DualWriteAllowed {

  /**
   * Why it does no harm that the call and the transaction do not commit together. A blank reason
   * exempts nothing, and the message of the guard says so.
   */
  String because();
}
