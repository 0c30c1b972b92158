package dev.evenkeel.saga;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A step that waits for an event, given by {@link Sagas#signal}. The method's last parameter is the
 * event; the method is called by no one and declares the step.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface AwaitEvent {

  /** Name, stable for ever; empty for the method's. */
  String name() default "";

  /** Steps that have to be done before the waiting begins; an earlier event is kept and counts. */
  String[] after();

  /** Property path in the command to a boolean; false and null count as done. Empty for always. */
  String when() default "";

  /** How long to wait, as ISO-8601; empty for ever. */
  String timeout() default "";

  /** What happens then. */
  OnTimeout onTimeout() default OnTimeout.COMPENSATE;

  /**
   * Name of the step in the versions that the saga {@link Saga#continues()}; empty for the same.
   */
  String formerly() default "";

  /** The version of the saga in which the step came, as {@link SagaStep#since()}. */
  int since() default 1;
}
