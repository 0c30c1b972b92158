/** Orders: placing, finding, and the event that says one was placed. */
@NullMarked
package dev.evenkeel.sample.orders.order;

import org.jspecify.annotations.NullMarked;
