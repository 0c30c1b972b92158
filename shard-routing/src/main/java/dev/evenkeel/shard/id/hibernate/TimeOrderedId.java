package dev.evenkeel.shard.id.hibernate;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.hibernate.annotations.IdGeneratorType;

/**
 * Beside {@code @Id}: a {@link dev.evenkeel.shard.id.TimeOrderedIds UUID of version 7}. The
 * attribute is a {@code UUID}.
 */
@Documented
@IdGeneratorType(TimeOrderedIdGenerator.class)
@Target({ElementType.FIELD, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
public @interface TimeOrderedId {}
