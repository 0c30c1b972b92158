/**
 * What a saga consists of: one model, {@link dev.evenkeel.saga.definition.SagaDefinition}, made
 * from annotations or by {@link dev.evenkeel.saga.definition.SagaBuilder}, checked as a whole
 * before anything runs.
 */
@NullMarked
package dev.evenkeel.saga.definition;

import org.jspecify.annotations.NullMarked;
