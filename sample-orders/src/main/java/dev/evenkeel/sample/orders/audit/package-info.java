/**
 * Whether what the sagas did adds up, by plain SQL over all shards. It knows the application's
 * tables and the framework's, and shares no code with the framework: it is what the framework is
 * judged by.
 *
 * <p>{@code ShardFacts} reads one shard in one snapshot, {@code Ledger} puts what all shards say
 * together by order, and {@code Judgement} holds the rules.
 */
@NullMarked
package dev.evenkeel.sample.orders.audit;

import org.jspecify.annotations.NullMarked;
