/**
 * The sample: an order application on three shards, whose every event goes through the outbox.
 *
 * <p>{@code order} takes orders and publishes an event with each, {@code customer} keeps credit,
 * and a read model of orders by handling those events, {@code stock} keeps articles, {@code shard}
 * says where all that lies, {@code seed} makes a beginning, {@code live} shows the events on their
 * way, {@code database} brings a PostgreSQL along and {@code web} turns failures into problem
 * details.
 */
@NullMarked
package dev.evenkeel.sample.orders;

import org.jspecify.annotations.NullMarked;
