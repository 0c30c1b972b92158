/** The Kafka that the application brings along with profile {@code kafka}. */
@NullMarked
package dev.evenkeel.sample.orders.broker;

import org.jspecify.annotations.NullMarked;
