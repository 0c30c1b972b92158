/** The databases that customers, orders and articles are spread over, as a user sees them. */
@NullMarked
package dev.evenkeel.sample.orders.shard;

import org.jspecify.annotations.NullMarked;
