/**
 * The crash proof: processes that are killed, suspended and cut off while they write and deliver,
 * and an oracle that knows nothing of the framework.
 *
 * <p>The way in: a {@link dev.evenkeel.relay.crash.Trial} starts {@link
 * dev.evenkeel.relay.crash.Child} processes, hurts them at moments drawn from a seed and hands what
 * is left, business tables and the {@link dev.evenkeel.relay.crash.Journal}, to the {@link
 * dev.evenkeel.relay.crash.Oracle}. The business state is a version per key; a message announces
 * one version; so what must have been delivered, and in which order, follows from the state alone.
 *
 * <p>The moments are drawn from {@code -Devenkeel.test.seed}, which each run prints. A seed replays
 * the moments and the load, not the scheduling of threads.
 */
@NullMarked
package dev.evenkeel.relay.crash;

import org.jspecify.annotations.NullMarked;
