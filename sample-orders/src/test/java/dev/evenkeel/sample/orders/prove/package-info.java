/**
 * {@code bin/prove}: the application in several processes, hurt by faults that a seed draws, and
 * judged.
 *
 * <p>A {@code Schedule} is a pure function of its seed. Each of its rounds is an {@code Ordeal}: a
 * new {@code Installation} on the {@code Servers} of the run, clients that order and count over
 * HTTP, and an {@code Injector}. What happened is in one journal over all processes; an {@code
 * Oracle} that shares no code with the framework judges it with what the databases say.
 */
@NullMarked
package dev.evenkeel.sample.orders.prove;

import org.jspecify.annotations.NullMarked;
