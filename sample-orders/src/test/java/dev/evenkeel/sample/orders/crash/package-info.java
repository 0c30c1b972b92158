/**
 * Processes that are killed while they see orders through, and a judgement of what is left.
 *
 * <p>{@code KillGridIT} kills at every commit of the protocol. A {@code Cell} is such a moment in
 * the life of one order: a {@code Point}, before or after its commit, once or twice. Each process
 * is the real application; a {@code WatchedDriver} under its connection pools recognises the
 * framework's statements by their text, so that production code knows nothing of it. An order that
 * reaches its point freezes there. When all orders of a {@code Round} have, the process gets
 * SIGKILL, and another one takes over. {@code ChaosIT} hurts what it likes under load. Both are
 * judged by {@link dev.evenkeel.sample.orders.audit.SagaAudit}.
 */
@NullMarked
package dev.evenkeel.sample.orders.crash;

import org.jspecify.annotations.NullMarked;
