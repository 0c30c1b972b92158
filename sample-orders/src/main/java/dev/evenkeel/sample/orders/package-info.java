/**
 * The sample: an order application on three shards, whose every order is a saga, and whose every
 * event goes through the outbox.
 *
 * <p>{@code order} takes orders and sees them through, {@code customer} keeps credit, and a read
 * model of orders by handling their events, {@code stock} keeps articles, {@code shard} says where
 * all that lies, {@code seed} makes a beginning, {@code audit} says whether everything adds up,
 * {@code live} shows orders on their way, {@code database} brings a PostgreSQL along and {@code
 * web} turns failures into problem details.
 */
@NullMarked
package dev.evenkeel.sample.orders;

import org.jspecify.annotations.NullMarked;
