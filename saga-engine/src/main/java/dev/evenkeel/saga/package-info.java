/**
 * Sagas: work that spans shards, as local transactions with compensations. It ends wholly done or
 * wholly undone, whatever process dies at whatever moment.
 *
 * <p>A saga is declared by {@link dev.evenkeel.saga.Saga} on a bean, or built with {@link
 * dev.evenkeel.saga.definition.SagaBuilder}; {@link dev.evenkeel.saga.Sagas} starts and observes
 * instances. The coordinator is a pure function of an instance's state and an event; everything
 * around it performs effects. Each step commits its effects and its row in {@code saga_step} in one
 * local transaction, and the first committed row of a step is final: that is what recovery, turning
 * back and two nodes at once rest on.
 */
@NullMarked
package dev.evenkeel.saga;

import org.jspecify.annotations.NullMarked;
