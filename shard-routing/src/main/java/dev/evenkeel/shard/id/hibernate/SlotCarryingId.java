package dev.evenkeel.shard.id.hibernate;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.hibernate.annotations.IdGeneratorType;

/**
 * Beside {@code @Id}: a {@link dev.evenkeel.shard.id.SlotIds UUID that carries the slot} of the
 * transaction that persists the entity. The attribute is a {@code UUID}; the slot is asked of the
 * bean of type {@link dev.evenkeel.shard.id.CurrentSlot}.
 */
@Documented
@IdGeneratorType(SlotCarryingIdGenerator.class)
@Target({ElementType.FIELD, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
public @interface SlotCarryingId {}
