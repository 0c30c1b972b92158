/**
 * The sample: an order application whose every event goes through the outbox.
 *
 * <p>{@code order} takes orders and publishes an event with each, {@code customer} keeps a read
 * model of them by handling those events, {@code live} shows the events on their way, {@code
 * database} brings a PostgreSQL along and {@code web} turns failures into problem details.
 */
@NullMarked
package dev.evenkeel.sample.orders;

import org.jspecify.annotations.NullMarked;
