/**
 * Measurements of the framework beside bare references, in one run on one machine, as ratios.
 * {@link dev.evenkeel.bench.BenchMain} runs a {@link dev.evenkeel.bench.Scenario} by its name; a
 * scenario alternates its variants round by round, each on a fresh database, and adds what it
 * measures to {@link dev.evenkeel.bench.Results}. A {@link dev.evenkeel.bench.Pipeline} is one way
 * from a business transaction to a handler; a {@link dev.evenkeel.bench.ShardedApplication} is an
 * application on several databases; a {@link dev.evenkeel.bench.SagaRunner} runs sagas.
 */
@NullMarked
package dev.evenkeel.bench;

import org.jspecify.annotations.NullMarked;
