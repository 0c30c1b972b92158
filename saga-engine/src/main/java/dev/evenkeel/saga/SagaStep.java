package dev.evenkeel.saga;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * One step: the method runs in one local transaction on the step's shard, together with the row
 * that says it happened. Its database effects happen once; what it does elsewhere can happen again.
 * With {@link #participant()}, {@link #external()} or {@link #child()} it is something else.
 *
 * <p>Parameters are injected: the command, the item of a {@link #forEach()} step, and results of
 * ancestors by type or {@link ResultOf}; of a {@code forEach} ancestor as a {@code List}. No
 * parameter is primitive: the result of an ancestor that was left out is null. What the method
 * returns is stored, as the payload codec writes it, 256 KiB at most, and given to later steps and
 * to the compensation.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface SagaStep {

  /** Name, stable for ever; empty for the method's. */
  String name() default "";

  /**
   * Steps that have to be done before this one. No default: parallelism is said, never implied;
   * {@code {}} starts at once.
   */
  String[] after();

  /** Where it stands relative to the pivot. */
  StepKind kind() default StepKind.COMPENSATABLE;

  /**
   * Property path to the shard key of the step's transaction. The first part is a property of the
   * item or of the command, or the name of an ancestor, followed by a property of its result. Empty
   * for the home shard.
   */
  String shardKey() default "";

  /** What turns the shard key into a slot, as {@code @Sharded.strategy}. */
  String shardStrategy() default "hash";

  /**
   * Property path to a collection: the step runs once for each item, in parallel. Property of the
   * command, or ancestor and property of its result. It keeps its order, as a list does, for an
   * item is known by its position. Empty for a single step.
   */
  String forEach() default "";

  /** Property path in the command to a boolean; false and null count as done. Empty for always. */
  String when() default "";

  /**
   * Method that undoes the step; called only if the step took effect. Its parameters are those of a
   * step, the step's own result (of the item, for a {@link #forEach()} step) and {@link
   * SagaFailure} besides. A compensatable step names one, or says {@link #NONE}.
   */
  String compensation() default "";

  /**
   * The participant that carries the step out: the method returns a {@link Command} and does
   * nothing else. Its result is what the participant's {@link CommandHandler} returns, which also
   * has the shard key and the refusals. Empty for none.
   */
  String participant() default "";

  /**
   * Whether the method runs outside a transaction, to call what is not transactional, such as an
   * HTTP service. It may run several times; a parameter of type {@link IdempotencyKey} is the same
   * each time, and in the compensation, which may reach the service before the call does and has to
   * void it then. In the compensation the own result is null where nobody knows whether the call
   * took effect.
   */
  boolean external() default false;

  /**
   * Name of the saga that the step is: the method returns its start command and does nothing else.
   * The step is done when the child has completed, and refused when it was compensated; its result
   * is a {@link ChildSaga}. Empty for none.
   */
  String child() default "";

  /** How it is repeated. */
  Retry retry() default @Retry;

  /** Longest time for one attempt, as ISO-8601; beyond it the attempt has failed. */
  String timeout() default "PT5S";

  /**
   * Name of the step in the versions that the saga {@link Saga#continues()}; empty for the same.
   */
  String formerly() default "";

  /**
   * The version of the saga in which the step came. Instances of earlier versions go on without it:
   * what comes after it comes after its own predecessors there, and its result is null.
   */
  int since() default 1;

  /** Whoever carries the step out undoes it: its {@link #participant()} or {@link #child()}. */
  String DELEGATED = "delegated";

  /** A compensatable step that leaves nothing to undo. */
  String NONE = "none";
}
