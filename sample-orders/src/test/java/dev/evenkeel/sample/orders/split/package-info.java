/** The application as three services, which have nothing in common but Kafka. */
@NullMarked
package dev.evenkeel.sample.orders.split;

import org.jspecify.annotations.NullMarked;
