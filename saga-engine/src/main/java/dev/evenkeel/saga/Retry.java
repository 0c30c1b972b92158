package dev.evenkeel.saga;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * How a step is repeated. Compensations and steps after the pivot are repeated for ever, whatever
 * {@link #maxAttempts()} says. A database that can't be reached costs no attempt.
 */
@Documented
@Target({})
@Retention(RetentionPolicy.RUNTIME)
public @interface Retry {

  /** How often a step before the pivot, or the pivot, is attempted before the saga turns back. */
  int maxAttempts() default 5;

  /** Wait before the second attempt, as ISO-8601; doubles with each further one. */
  String backoff() default "PT0.2S";

  /** Longest wait between two attempts, as ISO-8601. */
  String maxBackoff() default "PT1M";

  /**
   * Business refusals: thrown once, the step has said no, and the saga turns back. Not on retriable
   * steps.
   */
  Class<? extends Throwable>[] noRetryFor() default {};
}
