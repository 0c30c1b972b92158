package dev.evenkeel.saga;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A participant's method that carries out one kind of command: its only parameter is the command,
 * what it returns is the result of the saga's step. It runs in one transaction on its shard,
 * together with the row that says it happened: its database effects happen once, whether the
 * command came from this process or as a message, however often.
 *
 * <p>It never runs after its compensation, and never without one being told when the saga turns
 * back. Retries are the saga's: the step's {@link Retry} counts its failures.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface CommandHandler {

  /**
   * Property path in the command to the shard key of the transaction. Empty for the slot of the
   * saga's home, which another installation maps to its own shards.
   */
  String shardKey() default "";

  /** What turns the shard key into a slot, as {@code @Sharded.strategy}. */
  String shardStrategy() default "hash";

  /**
   * Method of the same bean that undoes it, with the command and, if it takes two parameters, what
   * the handler had returned. Called only if the command took effect. Empty where nothing can be
   * undone: then no compensatable step can use the command.
   */
  String compensation() default "";

  /** Exceptions that mean no, for business reasons: the saga turns back and nothing is retried. */
  Class<? extends Exception>[] refusals() default {};
}
