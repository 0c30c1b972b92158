package dev.evenkeel.shard.id.hibernate;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.hibernate.annotations.IdGeneratorType;

/**
 * Beside {@code @Id}: a number of the bean of type {@link dev.evenkeel.shard.id.SequenceIds}, drawn
 * on the shard of the transaction that persists the entity. The attribute is a {@code Long} or
 * {@code long}.
 */
@Documented
@IdGeneratorType(ShardSequenceIdGenerator.class)
@Target({ElementType.FIELD, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
public @interface ShardSequenceId {}
