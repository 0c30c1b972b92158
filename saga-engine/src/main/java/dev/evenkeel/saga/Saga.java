package dev.evenkeel.saga;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a saga on a bean that implements {@link SagaFor}. Its steps are the methods with {@link
 * SagaStep} and {@link AwaitEvent}.
 *
 * <p>The bean is one object for all instances and keeps no state: what a step works with are the
 * start command and the results of the steps before it, given as parameters.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface Saga {

  /** Name of the saga, stable for ever: instances are stored under it. */
  String name();

  /** Version of the definition, from 1. Instances go on with the version they were started in. */
  int version();

  /** Property path in the command to what makes an instance unique on its home slot. */
  String key();

  /** Property path in the command to the shard key of the home shard. */
  String shardKey();

  /** What turns {@link #shardKey()} into a slot, as {@code @Sharded.strategy}. */
  String shardStrategy() default "hash";

  /**
   * How long an instance may take before it turns back, as ISO-8601, such as {@code PT30M}; empty
   * for no deadline. Once the pivot has happened nothing turns back.
   */
  String deadline() default "";

  /**
   * Earlier versions whose instances this definition's code goes on with. They stay instances of
   * their version, under its step names: {@link SagaStep#formerly()} says which a step had, {@link
   * SagaStep#since()} which steps they do not have. Their own definition must not be in this
   * process any more. Default: none.
   */
  int[] continues() default {};
}
