/** The way of each order's saga and event, watched where it happens and streamed to browsers. */
@NullMarked
package dev.evenkeel.sample.orders.live;

import org.jspecify.annotations.NullMarked;
