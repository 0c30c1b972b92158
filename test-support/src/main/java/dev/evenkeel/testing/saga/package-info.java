/**
 * Tests of sagas without a database: {@link dev.evenkeel.testing.saga.SagaTest} makes up everything
 * that can go wrong with one, {@link dev.evenkeel.testing.saga.SagaTestKit} has happen what a test
 * says. Both drive the real coordinator over a {@link dev.evenkeel.testing.saga.SimulatedStore}.
 */
@NullMarked
package dev.evenkeel.testing.saga;

import org.jspecify.annotations.NullMarked;
